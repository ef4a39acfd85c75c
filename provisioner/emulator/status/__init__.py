"""The status page at https://localhost:PORT/: what the cloud holds and what happens in it, for a person's eyes.

Who may see it: whoever has the control token, once as `?token=…` of the address `emulator start` prints, afterwards by
a cookie that is derived from it. The Host header must name the loopback (other hosts belong to other services), and
what changes something must come from the page itself: pages on other ports of localhost send the cookie too.
"""
