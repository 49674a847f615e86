#include "conv_s8.h"

#if defined(__x86_64__)
void edge_s8_conv__avx2(const edge_conv *p, const int8_t *x, void *y, void *scratch, int32_t begin,
                        int32_t end) {
  edge_s8_conv__scalar(p, x, y, scratch, begin, end);
}
#endif
