#ifndef CFUZZER_SHIM_H
#define CFUZZER_SHIM_H
#include <stddef.h>
#include <stdint.h>

// libFuzzer has no header of its own: this is the entry of its library, as llvm/docs/LibFuzzer.rst gives it.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*one_input)(const uint8_t *bytes, size_t count));
#endif
