"""Sets up, watches and keeps alive Microsoft's Secure Application Model."""

__version__ = "0.1.0"
