"""Checks under a real Linux kernel with optical drives, and against readers that others wrote (``make lab``)."""
