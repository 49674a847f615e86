#include "edge_onnx.h"
