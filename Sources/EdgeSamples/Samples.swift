// Samples.
