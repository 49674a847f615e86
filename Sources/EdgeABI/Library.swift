// The C ABI.
