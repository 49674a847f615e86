#include "edge_media.h"
