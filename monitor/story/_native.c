/* What choosing a story does for each article, in C: gathering, ranking and comparing numbers.
 *
 * Everything here has a twin in Python that finds the same (`index`, `cluster`), which runs where no compiler was at hand when the
 * program was installed and with which tests compare. Nothing here knows what a story is. Fingerprints come from anyone's text: every
 * index into a table is cut to its size, every length is checked. Arrays may begin anywhere, as pieces of a fingerprint's bytes do.
 */
#include "../native.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Terms of one article, slots that are read for one, and terms of a story, at most. */
#define MOST_TERMS 256
#define MOST_SLOTS 1024

/* Several at once; on failure none is held. */
static int
take_all(PyObject *const *from, Py_buffer *views, const int *sizes, int count)
{
    for (int i = 0; i < count; i++) {
        if (take(from[i], &views[i], sizes[i], 0) < 0) {
            while (i--)
                PyBuffer_Release(&views[i]);
            return -1;
        }
    }
    return 0;
}

static void
release_all(Py_buffer *views, int count)
{
    while (count--)
        PyBuffer_Release(&views[count]);
}

static int
arguments(Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 0;
    PyErr_Format(PyExc_TypeError, "%zd arguments where there must be %zd", given, wanted);
    return -1;
}

static PyObject *
wrong(const char *message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

static inline uint32_t
load32(const void *from, Py_ssize_t at)
{
    uint32_t value;
    memcpy(&value, (const char *)from + 4 * at, 4);
    return value;
}

static inline int64_t
load64(const void *from, Py_ssize_t at)
{
    int64_t value;
    memcpy(&value, (const char *)from + 8 * at, 8);
    return value;
}

static inline float
load_float(const void *from, Py_ssize_t at)
{
    float value;
    memcpy(&value, (const char *)from + 4 * at, 4);
    return value;
}

/* A number of 16 bits (IEEE 754 binary16) as one of 32: exact. */
static inline float
load_half(const void *from, Py_ssize_t at)
{
    uint16_t half;
    memcpy(&half, (const char *)from + 2 * at, 2);
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

/* ---------------------------------------------------------------------------------- how much a term says */

typedef struct {
    const void *counts, *logs;
    Py_ssize_t mask, last; /* of the counters, and of the logarithms */
    float base, most;
} Rarity;

static int
rarity(Rarity *of, const Py_buffer *counts, const Py_buffer *logs, PyObject *base, PyObject *most)
{
    const Py_ssize_t counters = counts->len / 4;
    of->counts = counts->buf;
    of->logs = logs->buf;
    of->mask = counters - 1;
    of->last = logs->len / 4 - 1;
    of->base = (float)PyFloat_AsDouble(base);
    of->most = (float)PyFloat_AsDouble(most);
    if (PyErr_Occurred())
        return -1;
    if (counters < 1 || (counters & of->mask) || of->last < 0) {
        PyErr_SetString(PyExc_ValueError, "counters that are no power of two, or no logarithms");
        return -1;
    }
    return 0;
}

static inline float
says(const Rarity *of, uint32_t hash, int64_t told)
{
    int64_t count = (int64_t)load32(of->counts, (Py_ssize_t)hash & of->mask) - (told < 0 ? 0 : told);
    if (count < 0)
        count = 0;
    if (count > of->last)
        count = of->last;
    const float idf = of->base - load_float(of->logs, (Py_ssize_t)count);
    return idf < 0 ? 0 : idf > of->most ? of->most : idf;
}

/* ------------------------------------------------------------------------------------ the article itself */

typedef struct {
    float value;
    int at;
} Valued;

static int
by_value(const void *one, const void *other)
{
    const Valued *a = one, *b = other;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->at - b->at;
}

PyDoc_STRVAR(look_doc, "look(hashes, weights, kinds, counts, logs, base, most, common, posted, named, shift, /)\n--\n\n"
    "How much each term says; which of them are looked for, as places of the table of terms.");

static PyObject *
look(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    static const int sizes[] = {4, 4, 1, 4, 4};
    Py_buffer views[5];
    PyObject *answer = NULL, *idf = NULL, *places = NULL;
    Rarity of;
    if (arguments(given, 11) < 0 || take_all(args, views, sizes, 5) < 0)
        return NULL;
    const Py_ssize_t count = views[0].len / 4;
    const float common = (float)PyFloat_AsDouble(args[7]);
    const long posted = PyLong_AsLong(args[8]), named = PyLong_AsLong(args[9]), shift = PyLong_AsLong(args[10]);
    if (PyErr_Occurred() || rarity(&of, &views[3], &views[4], args[5], args[6]) < 0)
        goto done;
    if (count > MOST_TERMS || views[1].len != views[0].len || views[2].len != count || shift < 0 || shift > 31) {
        wrong("arrays of different lengths");
        goto done;
    }
    Valued order[MOST_TERMS];
    char chosen[MOST_TERMS] = {0};
    int valued = 0, left = (int)named;
    Py_ssize_t found = 0;
    idf = PyByteArray_FromStringAndSize(NULL, 4 * count);
    if (idf == NULL)
        goto done;
    float *says_it = (float *)PyByteArray_AS_STRING(idf);
    for (int i = 0; i < count; i++) {
        says_it[i] = says(&of, load32(views[0].buf, i), 0);
        const float value = says_it[i] * load_float(views[1].buf, i);
        if (says_it[i] > common && value != 0)
            order[valued++] = (Valued){value, i};
    }
    qsort(order, (size_t)valued, sizeof(Valued), by_value);
    for (int i = 0; i < valued; i++) {
        if (i < posted)
            chosen[order[i].at] = 1;
        if (left > 0 && ((const uint8_t *)views[2].buf)[order[i].at]) {
            chosen[order[i].at] = 1;
            left--;
        }
    }
    for (int i = 0; i < count; i++)
        found += chosen[i];
    places = PyByteArray_FromStringAndSize(NULL, 8 * found);
    if (places == NULL)
        goto done;
    int64_t *to = (int64_t *)PyByteArray_AS_STRING(places);
    for (int i = 0; i < count; i++)
        if (chosen[i])
            *to++ = load32(views[0].buf, i) >> shift;
    answer = PyTuple_Pack(2, idf, places);
done:
    Py_XDECREF(idf);
    Py_XDECREF(places);
    release_all(views, 5);
    return answer;
}

/* ------------------------------------------------------------------------------------------ the two tables */

/* Ascending: short runs by insertion, then merged. A tenth of the time of the library's sort, which calls back for every pair. */
static void
sort(uint64_t *numbers, Py_ssize_t count)
{
    enum { RUN = 8 };
    uint64_t aside[MOST_SLOTS], *from = numbers, *to = aside;
    for (Py_ssize_t start = 0; start < count; start += RUN) {
        const Py_ssize_t end = start + RUN < count ? start + RUN : count;
        for (Py_ssize_t i = start + 1; i < end; i++) {
            const uint64_t one = numbers[i];
            Py_ssize_t j = i;
            for (; j > start && numbers[j - 1] > one; j--)
                numbers[j] = numbers[j - 1];
            numbers[j] = one;
        }
    }
    for (Py_ssize_t width = RUN; width < count; width *= 2) {
        for (Py_ssize_t start = 0; start < count; start += 2 * width) {
            const Py_ssize_t middle = start + width < count ? start + width : count;
            const Py_ssize_t end = start + 2 * width < count ? start + 2 * width : count;
            Py_ssize_t i = start, j = middle;
            for (Py_ssize_t at = start; at < end; at++)
                to[at] = i < middle && (j == end || from[i] <= from[j]) ? from[i++] : from[j++];
        }
        uint64_t *const swapped = from;
        from = to;
        to = swapped;
    }
    if (from != numbers)
        memcpy(numbers, from, (size_t)count * sizeof(uint64_t));
}

/* The rows of `table`, of `slots` numbers each, at `places`, into `rows`: how many numbers; -1 with an exception. */
static Py_ssize_t
gather(const Py_buffer *table, Py_ssize_t slots, const Py_buffer *places, uint32_t *rows)
{
    const Py_ssize_t count = places->len / 8;
    if (slots < 1 || slots > MOST_SLOTS || count * slots > MOST_SLOTS) {
        PyErr_SetString(PyExc_ValueError, "more slots than are read for one article");
        return -1;
    }
    const Py_ssize_t height = table->len / (4 * slots);
    for (Py_ssize_t i = 0; i < count; i++) {
        const int64_t place = load64(places->buf, i);
        if (place < 0 || place >= height) {
            PyErr_SetString(PyExc_IndexError, "a place beyond the table");
            return -1;
        }
        memcpy(rows + i * slots, (const char *)table->buf + 4 * slots * place, (size_t)(4 * slots));
    }
    return count * slots;
}

PyDoc_STRVAR(rank_doc, "rank(table, slots, places, /)\n--\n\nEach number in these rows but 0, the most frequent first, of equals the newest.");

static PyObject *
rank(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Py_buffer table, places;
    uint32_t rows[MOST_SLOTS];
    uint64_t numbers[MOST_SLOTS], ranks[MOST_SLOTS];
    PyObject *answer = NULL;
    if (arguments(given, 3) < 0 || take(args[0], &table, 4, 0) < 0)
        return NULL;
    if (take(args[2], &places, 8, 0) < 0) {
        PyBuffer_Release(&table);
        return NULL;
    }
    const Py_ssize_t slots = PyLong_AsSsize_t(args[1]);
    const Py_ssize_t count = PyErr_Occurred() ? -1 : gather(&table, slots, &places, rows);
    if (count >= 0) {
        Py_ssize_t ranked = 0;
        for (Py_ssize_t i = 0; i < count; i++)
            numbers[i] = rows[i];
        sort(numbers, count);
        for (Py_ssize_t i = 0, next; i < count; i = next) {
            for (next = i + 1; next < count && numbers[next] == numbers[i]; next++)
                ;
            if (numbers[i])
                ranks[ranked++] = (uint64_t)(next - i) << 32 | numbers[i];
        }
        sort(ranks, ranked);
        answer = PyList_New(ranked);
        for (Py_ssize_t i = 0; answer != NULL && i < ranked; i++) {
            PyObject *number = PyLong_FromUnsignedLong((unsigned long)(ranks[ranked - 1 - i] & 0xffffffffu));
            if (number == NULL)
                Py_CLEAR(answer);
            else
                PyList_SET_ITEM(answer, i, number);
        }
    }
    PyBuffer_Release(&places);
    PyBuffer_Release(&table);
    return answer;
}

PyDoc_STRVAR(post_doc, "post(table, slots, places, number, below, free, /)\n--\n\n"
    "`number` in the first slot of these rows. What was there moves on, up to the first slot that is free, or out. Free is what is less "
    "than `below`, what is `number`, and what `free` (None, or a truth for each slot) says.");

static PyObject *
post(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Py_buffer table, places, free_too = {0};
    uint32_t rows[MOST_SLOTS];
    int failed = 1;
    if (arguments(given, 6) < 0 || take(args[0], &table, 4, 1) < 0)
        return NULL;
    if (take(args[2], &places, 8, 0) < 0)
        goto no_places;
    if (args[5] != Py_None && take(args[5], &free_too, 1, 0) < 0)
        goto no_free;
    const Py_ssize_t slots = PyLong_AsSsize_t(args[1]);
    const uint32_t number = (uint32_t)PyLong_AsUnsignedLongMask(args[3]);
    const uint32_t below = (uint32_t)PyLong_AsUnsignedLongMask(args[4]);
    const Py_ssize_t count = PyErr_Occurred() ? -1 : gather(&table, slots, &places, rows);
    if (count < 0)
        goto done;
    if (args[5] != Py_None && free_too.len != count) {
        wrong("arrays of different lengths");
        goto done;
    }
    const char *marked = args[5] == Py_None ? NULL : free_too.buf;
    for (Py_ssize_t i = 0; i < places.len / 8; i++) {
        uint32_t *row = rows + i * slots;
        Py_ssize_t until = 0;
        while (until < slots - 1 && !(row[until] < below || row[until] == number || (marked && marked[i * slots + until])))
            until++;
        memmove(row + 1, row, (size_t)until * sizeof(uint32_t));
        row[0] = number;
    }
    /* All were read before the first is written: a place that stands there twice is written alike twice. */
    for (Py_ssize_t i = 0; i < places.len / 8; i++)
        memcpy((char *)table.buf + 4 * slots * load64(places.buf, i), rows + i * slots, (size_t)(4 * slots));
    failed = 0;
done:
    if (args[5] != Py_None)
        PyBuffer_Release(&free_too);
no_free:
    PyBuffer_Release(&places);
no_places:
    PyBuffer_Release(&table);
    if (failed)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(agree_doc, "agree(signature, others, head, /)\n--\n\nIn how many bins a signature agrees with those of other fingerprints.");

static PyObject *
agree(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Py_buffer signature;
    if (arguments(given, 3) < 0 || take(args[0], &signature, 2, 0) < 0)
        return NULL;
    const Py_ssize_t head = PyLong_AsSsize_t(args[2]);
    PyObject *answer = NULL, *others = head < 0 && PyErr_Occurred() ? NULL : PySequence_Fast(args[1], "fingerprints must be a sequence");
    if (others != NULL)
        answer = PyList_New(PySequence_Fast_GET_SIZE(others));
    for (Py_ssize_t i = 0; answer != NULL && i < PySequence_Fast_GET_SIZE(others); i++) {
        char *data;
        Py_ssize_t size, equal = 0;
        if (PyBytes_AsStringAndSize(PySequence_Fast_GET_ITEM(others, i), &data, &size) < 0) {
            Py_CLEAR(answer);
            break;
        }
        if (head >= 0 && size >= 2 && (uint8_t)data[1] == signature.len / 2 && signature.len <= size && head <= size - signature.len)
            for (Py_ssize_t at = 0; at < signature.len; at += 2)
                equal += !memcmp(data + head + at, (const char *)signature.buf + at, 2);
        PyObject *number = PyLong_FromSsize_t(equal);
        if (number == NULL)
            Py_CLEAR(answer);
        else
            PyList_SET_ITEM(answer, i, number);
    }
    Py_XDECREF(others);
    PyBuffer_Release(&signature);
    return answer;
}

/* ------------------------------------------------------------------------------------------- comparing */

PyDoc_STRVAR(compare_doc, "compare(stories, own, mine, named, counts, logs, base, most, /)\n--\n\n"
    "Of each story (terms and weights, ascending): the product with the article, the square of its length, and how many of the "
    "article's names it has.");

static PyObject *
compare_one(PyObject *story, const Py_buffer *own, const void *mine, const uint8_t *named, const Rarity *of)
{
    Py_buffer hashes, weights;
    PyObject *answer = NULL;
    if (!PyTuple_Check(story) || PyTuple_GET_SIZE(story) != 2)
        return wrong("a story is its terms and their weights");
    if (take(PyTuple_GET_ITEM(story, 0), &hashes, 4, 0) < 0)
        return NULL;
    if (take(PyTuple_GET_ITEM(story, 1), &weights, 2, 0) < 0) {
        PyBuffer_Release(&hashes);
        return NULL;
    }
    const Py_ssize_t count = hashes.len / 4, terms = own->len / 4;
    if (weights.len != 2 * count) {
        wrong("arrays of different lengths");
        goto done;
    }
    double product = 0, square = 0;
    Py_ssize_t names = 0, at = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const uint32_t hash = load32(hashes.buf, i);
        const float theirs = load_half(weights.buf, i) * says(of, hash, 0);
        const float squared = theirs * theirs;
        square += squared;
        while (at < terms && load32(own->buf, at) < hash)
            at++;
        if (at < terms && load32(own->buf, at) == hash) {
            const float both = theirs * load_float(mine, at);
            product += both;
            names += named[at] != 0;
        }
    }
    answer = Py_BuildValue("(ddn)", product, square, names);
done:
    PyBuffer_Release(&weights);
    PyBuffer_Release(&hashes);
    return answer;
}

static PyObject *
compare(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    static const int sizes[] = {4, 4, 1, 4, 4};
    Py_buffer views[5];
    PyObject *answer = NULL;
    Rarity of;
    if (arguments(given, 8) < 0)
        return NULL;
    PyObject *stories = PySequence_Fast(args[0], "stories must be a sequence");
    if (stories == NULL)
        return NULL;
    if (take_all(args + 1, views, sizes, 5) < 0) {
        Py_DECREF(stories);
        return NULL;
    }
    if (views[1].len != views[0].len || views[2].len != views[0].len / 4)
        wrong("arrays of different lengths");
    else if (rarity(&of, &views[3], &views[4], args[6], args[7]) == 0)
        answer = PyList_New(PySequence_Fast_GET_SIZE(stories));
    for (Py_ssize_t i = 0; answer != NULL && i < PySequence_Fast_GET_SIZE(stories); i++) {
        PyObject *one = compare_one(PySequence_Fast_GET_ITEM(stories, i), &views[0], views[1].buf, views[2].buf, &of);
        if (one == NULL)
            Py_CLEAR(answer);
        else
            PyList_SET_ITEM(answer, i, one);
    }
    release_all(views, 5);
    Py_DECREF(stories);
    return answer;
}

PyDoc_STRVAR(news_doc, "news(hashes, tally, own, counts, logs, base, most, counted, bar, /)\n--\n\n"
    "What those terms of a story weigh that the article shares and that are rare outside it.");

static PyObject *
news(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    static const int sizes[] = {4, 4, 4, 4, 4};
    Py_buffer views[5];
    PyObject *answer = NULL;
    Rarity of;
    if (arguments(given, 9) < 0 || take_all(args, views, sizes, 5) < 0)
        return NULL;
    const int64_t counted = PyLong_AsLong(args[7]);
    const float bar = (float)PyFloat_AsDouble(args[8]);
    const Py_ssize_t count = views[0].len / 4, terms = views[2].len / 4;
    if (PyErr_Occurred() || rarity(&of, &views[3], &views[4], args[5], args[6]) < 0)
        goto done;
    if (views[1].len != views[0].len) {
        wrong("arrays of different lengths");
        goto done;
    }
    double weight = 0;
    Py_ssize_t at = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const uint32_t hash = load32(views[0].buf, i);
        while (at < terms && load32(views[2].buf, at) < hash)
            at++;
        if (at < terms && load32(views[2].buf, at) == hash) {
            const int64_t told = (int32_t)load32(views[1].buf, i);
            const float over = says(&of, hash, told < counted ? told : counted) - bar;
            weight += over > 0 ? over : 0;
        }
    }
    answer = PyFloat_FromDouble(weight);
done:
    release_all(views, 5);
    return answer;
}

/* --------------------------------------------------------------------------------------------- the module */

#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, name##_doc}

static PyMethodDef methods[] = {
    FAST(look), FAST(rank), FAST(post), FAST(agree), FAST(compare), FAST(news), {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "monitor.story._native", .m_doc = "What choosing a story does for each article.", .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
