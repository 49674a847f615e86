/* edge_sha256.h: SHA-256 (FIPS 180-4), with the CPU's own instructions where it has them. No allocation. */
#ifndef EDGE_SHA256_H
#define EDGE_SHA256_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A digest under way. */
typedef struct edge_sha256 {
  uint32_t state[8];
  uint64_t bytes;
  uint8_t block[64];
  void (*blocks)(uint32_t state[8], const uint8_t *data, size_t count);
} edge_sha256;

/* Starts a digest with the fastest implementation that this CPU runs. */
void edge_sha256_init(edge_sha256 *digest);
/* Starts a digest in plain C: the definition. For tests. */
void edge_sha256_init_scalar(edge_sha256 *digest);
/* Takes in `count` bytes. */
void edge_sha256_update(edge_sha256 *digest, const void *data, size_t count);
/* Ends the digest; the context must be started again before it is used again. */
void edge_sha256_final(edge_sha256 *digest, uint8_t out[32]);

/* The block function of this CPU, or NULL when it has no SHA-256 instructions. */
void (*edge_sha256_native(void))(uint32_t state[8], const uint8_t *data, size_t count);
/* Round constants. */
extern const uint32_t edge_sha256_k[64];

#ifdef __cplusplus
}
#endif
#endif /* EDGE_SHA256_H */
