/* A text parted into chunks in C, as `chunks` does it with numpy: for whatever looks up the words of a text. */
#ifndef MONITOR_CHUNKS_H
#define MONITOR_CHUNKS_H

#include "native.h"

#include <stdint.h>

#define UNITS 0x10000
#define ALONE 1  /* a character of a script without blanks, a chunk of its own */
#define FIRST_ALONE 0x2E80 /* the first of them */
#define INSIDE 2 /* what combines with the one before it */

/* By UTF-16 code unit what it weighs in the number of a chunk and what kind of character it is; what a quotation mark weighs between
 * letters of Hebrew, and the base of the numbers. `soon` is a table that is to be asked for the numbers next, by as many of their first
 * bits as `soon_shift` leaves, or NULL: it is sent for while the text is still being read. */
typedef struct {
    const uint64_t *weights;
    const uint8_t *kinds;
    uint64_t quote, base;
    const uint64_t (*soon)[2];
    int soon_shift;
} Alphabet;

/* Where chunks begin and end in code points, and their numbers. Whether there is a character of a script without blanks, and one beyond
 * the BMP. */
typedef struct {
    int64_t *starts, *ends;
    uint64_t *numbers;
    Py_ssize_t count, room;
    int alone, beyond;
} Chunks;

static inline int
grow(Chunks *chunks)
{
    Py_ssize_t room = chunks->room * 2;
    int64_t *starts = PyMem_Realloc(chunks->starts, room * sizeof(int64_t));
    if (starts != NULL)
        chunks->starts = starts;
    int64_t *ends = PyMem_Realloc(chunks->ends, room * sizeof(int64_t));
    if (ends != NULL)
        chunks->ends = ends;
    uint64_t *numbers = PyMem_Realloc(chunks->numbers, room * sizeof(uint64_t));
    if (numbers != NULL)
        chunks->numbers = numbers;
    if (starts == NULL || ends == NULL || numbers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    chunks->room = room;
    return 0;
}

static inline int
hebrew(Py_UCS4 c)
{
    return c >= 0x5D0 && c <= 0x5EA;
}

/* Called with a constant `kind`, so that a compiler makes a loop for each, which it is told to: left alone it makes one loop that asks
 * for the kind at every letter, a fifth slower. -1 with an exception. */
__attribute__((always_inline)) static inline int
part(const int kind, const void *data, Py_ssize_t length, const Alphabet *alphabet, Chunks *chunks)
{
    const uint64_t *weights = alphabet->weights, base = alphabet->base;
    const uint8_t *kinds = alphabet->kinds;
    int before_alone = 0, alone = 0;
    Py_ssize_t begun = -1; /* where the chunk began that is being read, or -1 */
    uint64_t number = 0, power = base;
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, at);
        uint64_t weight, second = 0;
        int parts, here_alone = 0;
        if (c < FIRST_ALONE && !before_alone) {
            weight = weights[c];
            if (c == '"' && at && at + 1 < length && hebrew(PyUnicode_READ(kind, data, at - 1)) &&
                hebrew(PyUnicode_READ(kind, data, at + 1)))
                weight = alphabet->quote;
            parts = !weight;
        }
        else if (c < UNITS) {
            weight = weights[c];
            here_alone = kinds[c] & ALONE;
            alone |= here_alone;
            parts = !weight || here_alone || (before_alone && !(kinds[c] & INSIDE));
        }
        else {
            /* Two code units, neither of which stands alone. */
            chunks->beyond = 1;
            weight = weights[0xD800 + ((c - UNITS) >> 10)];
            second = weights[0xDC00 + ((c - UNITS) & 0x3FF)];
            parts = before_alone;
        }
        before_alone = here_alone;
        if (parts) {
            if (begun >= 0) {
                if (chunks->count == chunks->room && grow(chunks) < 0)
                    return -1;
                chunks->starts[chunks->count] = begun;
                chunks->ends[chunks->count] = at;
                chunks->numbers[chunks->count++] = number;
                if (alphabet->soon != NULL)
                    __builtin_prefetch(alphabet->soon[number >> alphabet->soon_shift]);
                begun = -1;
            }
            if (!weight)
                continue;
        }
        if (begun < 0) {
            begun = at;
            number = 0;
            power = base;
        }
        number += weight * power;
        power *= base;
        if (second) {
            number += second * power;
            power *= base;
        }
    }
    if (begun >= 0) {
        if (chunks->count == chunks->room && grow(chunks) < 0)
            return -1;
        chunks->starts[chunks->count] = begun;
        chunks->ends[chunks->count] = length;
        chunks->numbers[chunks->count++] = number;
    }
    chunks->alone = alone;
    return 0;
}

static inline void
free_chunks(Chunks *chunks)
{
    PyMem_Free(chunks->starts);
    PyMem_Free(chunks->ends);
    PyMem_Free(chunks->numbers);
}

/* The chunks of a text, to be freed by the caller; -1 with an exception, and nothing to free. */
static inline int
part_text(PyObject *text, const Alphabet *alphabet, Chunks *chunks)
{
    const void *data = PyUnicode_DATA(text);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(text);
    int failed;
    *chunks = (Chunks){.room = length / 5 + 16};
    chunks->starts = PyMem_Malloc(chunks->room * sizeof(int64_t));
    chunks->ends = PyMem_Malloc(chunks->room * sizeof(int64_t));
    chunks->numbers = PyMem_Malloc(chunks->room * sizeof(uint64_t));
    if (!chunks->starts || !chunks->ends || !chunks->numbers) {
        PyErr_NoMemory();
        failed = -1;
    }
    else if (PyUnicode_KIND(text) == PyUnicode_1BYTE_KIND)
        failed = part(PyUnicode_1BYTE_KIND, data, length, alphabet, chunks);
    else if (PyUnicode_KIND(text) == PyUnicode_2BYTE_KIND)
        failed = part(PyUnicode_2BYTE_KIND, data, length, alphabet, chunks);
    else
        failed = part(PyUnicode_4BYTE_KIND, data, length, alphabet, chunks);
    if (failed < 0)
        free_chunks(chunks);
    return failed;
}

static inline PyObject *
bytes_of(const void *items, Py_ssize_t count, Py_ssize_t size)
{
    return PyByteArray_FromStringAndSize(items, count * size);
}

#endif
