/* What the functions of `_native.c` read: numbers that may begin anywhere, fingerprints, how rare terms are, what a story is known by.
 *
 * Fingerprints come from anyone's text, and from a record that may be damaged: every length is checked before the first number is read.
 */
#ifndef MONITOR_STORY_NUMBERS_H
#define MONITOR_STORY_NUMBERS_H

#include "../native.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
load16(const void *from, Py_ssize_t at)
{
    uint16_t value;
    memcpy(&value, (const char *)from + 2 * at, 2);
    return value;
}

static inline uint32_t
load32(const void *from, Py_ssize_t at)
{
    uint32_t value;
    memcpy(&value, (const char *)from + 4 * at, 4);
    return value;
}

static inline float
load_float(const void *from, Py_ssize_t at)
{
    float value;
    memcpy(&value, (const char *)from + 4 * at, 4);
    return value;
}

static inline void
store(void *to, Py_ssize_t at, const void *value, size_t size)
{
    memcpy((char *)to + (size_t)at * size, value, size);
}

/* A number of 16 bits (IEEE 754 binary16) as one of 32: exact. */
static inline float
from_half(uint16_t half)
{
    const uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 1023;
    uint32_t bits;
    float value;
    if (exponent == 0) {
        value = ldexpf((float)fraction, -24);
        return sign ? -value : value;
    }
    bits = sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | fraction << 13;
    memcpy(&value, &bits, 4);
    return value;
}

/* The nearest number of 16 bits, of two the even one. */
static inline uint16_t
to_half(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    const uint16_t sign = (uint16_t)(bits >> 16 & 0x8000);
    bits &= 0x7fffffff;
    if (bits >= 0x47800000) /* too large, or no number */
        return sign | (bits > 0x7f800000 ? 0x7e00 : 0x7c00);
    if (bits < 0x38800000) { /* less than 2 to the -14th: a multiple of 2 to the -24th, which the sum's last bits are made to be */
        float least;
        memcpy(&least, &bits, 4);
        least += 0.5f;
        memcpy(&bits, &least, 4);
        return (uint16_t)(sign | (bits - 0x3f000000));
    }
    return (uint16_t)(sign | ((bits - 0x38000000 + 0xfff + (bits >> 13 & 1)) >> 13));
}

/* --------------------------------------------------------------------------------------------- fingerprints */

/* As `text.fingerprint` writes them: version, number of bins, number of terms; the bins (16 bits each); the terms' numbers, ascending
 * (32 bits each); a byte each of kind (2 bits) and weight (6 bits, in tenths). `tests/story/test_loops.py` holds the two to be one. */
enum { VERSION = 1, BINS = 64, BANDS = 32, HEAD = 3, KINDS = 4, WEIGHTS = 64, MOST_TERMS = 255 };

typedef struct {
    const uint8_t *signature, *hashes, *marks;
    int bins, count;
} Print;

static int
is_print(const uint8_t *data, Py_ssize_t size, Print *print)
{
    if (size < HEAD || data[0] != VERSION || (data[1] != 0 && data[1] != BINS) || size != HEAD + 2 * data[1] + 5 * data[2])
        return 0;
    print->bins = data[1];
    print->count = data[2];
    print->signature = data + HEAD;
    print->hashes = print->signature + 2 * print->bins;
    print->marks = print->hashes + 4 * print->count;
    return 1;
}

static int
read_print(PyObject *from, Print *print)
{
    char *data;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(from, &data, &size) < 0)
        return -1;
    if (is_print((const uint8_t *)data, size, print))
        return 0;
    PyErr_SetString(PyExc_ValueError, "no fingerprint that can be read");
    return -1;
}

static inline int
kind_of(uint8_t mark)
{
    return mark >> 6;
}

/* ---------------------------------------------------------------------------------- how much a term says */

typedef struct {
    Py_buffer views[2];
    const void *counts, *logs;
    Py_ssize_t mask, last; /* of the counters, and of the logarithms */
    float base, most;
} Rarity;

/* Four arguments: counters, logarithms of counts, the logarithm of all articles, the most that a term says. To be let go. */
static int
read_rarity(PyObject *const *args, Rarity *of)
{
    of->base = (float)PyFloat_AsDouble(args[2]);
    of->most = (float)PyFloat_AsDouble(args[3]);
    if (PyErr_Occurred() || take(args[0], &of->views[0], 4, 0) < 0)
        return -1;
    if (take(args[1], &of->views[1], 4, 0) < 0) {
        PyBuffer_Release(&of->views[0]);
        return -1;
    }
    const Py_ssize_t counters = of->views[0].len / 4;
    of->counts = of->views[0].buf;
    of->logs = of->views[1].buf;
    of->mask = counters - 1;
    of->last = of->views[1].len / 4 - 1;
    if (counters < 1 || (counters & of->mask) || of->last < 0) {
        PyBuffer_Release(&of->views[1]);
        PyBuffer_Release(&of->views[0]);
        PyErr_SetString(PyExc_ValueError, "counters that are no power of two, or no logarithms");
        return -1;
    }
    return 0;
}

static void
let_go(Rarity *of)
{
    PyBuffer_Release(&of->views[1]);
    PyBuffer_Release(&of->views[0]);
}

static inline float
says(const Rarity *of, uint32_t hash, int64_t told)
{
    int64_t count = (int64_t)load32(of->counts, (Py_ssize_t)hash & of->mask) - told;
    if (count < 0)
        count = 0;
    if (count > of->last)
        count = of->last;
    const float idf = of->base - load_float(of->logs, (Py_ssize_t)count);
    return idf < 0 ? 0 : idf > of->most ? of->most : idf;
}

/* ------------------------------------------------------------------------------------ the article itself */

/* An article and what its terms say: `idf` of each term, and `mine`, what it weighs here. `terms` has, by the topmost bits of a number, the
 * place of the last term that begins so, from 1 on: most terms of others are none of its own, which one look tells. */
enum { TOPMOST = 12 };

typedef struct {
    Print print;
    const char *idf, *mine;
    uint8_t terms[1 << TOPMOST];
} Own;

/* Two arguments: its fingerprint, and what `look` made of it. */
static int
read_own(PyObject *const *args, Own *own)
{
    char *says_it;
    Py_ssize_t size;
    if (read_print(args[0], &own->print) < 0 || PyBytes_AsStringAndSize(args[1], &says_it, &size) < 0)
        return -1;
    if (size != 8 * own->print.count) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        return -1;
    }
    own->idf = says_it;
    own->mine = says_it + 4 * own->print.count;
    memset(own->terms, 0, sizeof own->terms);
    for (int i = 0; i < own->print.count; i++)
        own->terms[load32(own->print.hashes, i) >> (32 - TOPMOST)] = (uint8_t)(i + 1);
    return 0;
}

/* Which of its terms this is; -1 where it is none. Who makes an article of words whose numbers all begin alike has them walked: for all
 * that is compared with one, a quarter of a millisecond. */
static inline int
place_in(const Own *own, uint32_t hash)
{
    int at = own->terms[hash >> (32 - TOPMOST)] - 1;
    while (at >= 0 && load32(own->print.hashes, at) > hash)
        at--;
    return at >= 0 && load32(own->print.hashes, at) == hash ? at : -1;
}

/* ------------------------------------------------------------------------------ what a story is known by */

/* As `centroid.py` writes it: nothing; or the fingerprint of the one article it is made of; or, made of several, a byte of 0, one that is
 * not used, the number of terms (16 bits), their numbers, ascending, in how many articles each stands, and their weights (halves). */
enum { MADE = 0, MADE_HEAD = 4, MADE_TERM = 10, MOST_MADE = 1024 };

typedef struct {
    Print print; /* of one article; else the two below */
    const uint8_t *hashes, *tally, *halves;
    int count;
    float norm; /* of the article's weights, in tenths */
    float weights[WEIGHTS]; /* of each that a mark can have, once somebody asked */
    uint64_t asked;
} Centroid;

static int
read_centroid(PyObject *from, Centroid *centroid)
{
    char *data;
    Py_ssize_t size;
    if (PyBytes_AsStringAndSize(from, &data, &size) < 0)
        return -1;
    centroid->tally = NULL;
    centroid->count = 0;
    if (size == 0)
        return 0;
    if (data[0] != MADE) {
        if (read_print(from, &centroid->print) < 0)
            return -1;
        int squares = 0;
        centroid->count = centroid->print.count;
        centroid->hashes = centroid->print.hashes;
        centroid->asked = 0;
        for (int i = 0; i < centroid->count; i++)
            squares += (centroid->print.marks[i] & 63) * (centroid->print.marks[i] & 63);
        centroid->norm = (float)sqrt(squares ? squares : 1);
        return 0;
    }
    const Py_ssize_t count = size < MADE_HEAD ? -1 : load16(data, 1);
    if (count > MOST_MADE || size != MADE_HEAD + MADE_TERM * count) {
        PyErr_SetString(PyExc_ValueError, "nothing that a story is known by");
        return -1;
    }
    centroid->count = (int)count;
    centroid->hashes = (const uint8_t *)data + MADE_HEAD;
    centroid->tally = centroid->hashes + 4 * count;
    centroid->halves = centroid->tally + 4 * count;
    return 0;
}

static inline float
weight_of(Centroid *centroid, int i)
{
    if (centroid->tally != NULL)
        return from_half(load16(centroid->halves, i));
    const int steps = centroid->print.marks[i] & 63;
    if (!(centroid->asked >> steps & 1)) {
        centroid->weights[steps] = from_half(to_half((float)steps / centroid->norm));
        centroid->asked |= (uint64_t)1 << steps;
    }
    return centroid->weights[steps];
}

static inline uint32_t
tally_of(const Centroid *centroid, int i)
{
    return centroid->tally != NULL ? load32(centroid->tally, i) : 1;
}

/* ------------------------------------------------------------------------------------------- the greatest first */

/* A heap: most of what is put in order here is never asked for. */
static void
sift(uint64_t *heap, Py_ssize_t count, Py_ssize_t at)
{
    const uint64_t one = heap[at];
    for (Py_ssize_t below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count)
            below += heap[below + 1] > heap[below]; /* no branch: nobody could foresee it */
        if (heap[below] <= one)
            break;
        heap[at] = heap[below];
    }
    heap[at] = one;
}

static void
heap_up(uint64_t *heap, Py_ssize_t count)
{
    for (Py_ssize_t at = count / 2; at-- > 0;)
        sift(heap, count, at);
}

static inline uint64_t
greatest(uint64_t *heap, Py_ssize_t *count)
{
    const uint64_t found = heap[0];
    heap[0] = heap[--*count];
    if (*count)
        sift(heap, *count, 0);
    return found;
}

/* A value that is not negative and the place it has, so that the greater value comes first, of equals the lesser place. */
static inline uint64_t
valued(float value, int at)
{
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return (uint64_t)bits << 32 | (0xffffffffu - (uint32_t)at);
}

static inline int
place_of(uint64_t key)
{
    return (int)(0xffffffffu - (uint32_t)key);
}

#endif
