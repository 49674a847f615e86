"""Parts of tools/accuracy.py: the models and their data, detection decoders, and libedgert through its C ABI."""
