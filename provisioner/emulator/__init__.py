"""A local Microsoft cloud: Entra sign-in, Graph, ARM, Key Vault and Partner Center over one loopback listener.

It never imports the rest of the product, nor is it imported by it (only the command line starts it): a mistake
shared by client and server would hide itself.
"""
