#include "edgert.h" /* The header is the module; this file gives it an object. */
