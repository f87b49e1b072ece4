/* The inner loop of matching in C: what `meanings` does with numpy, in one pass over the letters.
 *
 * Everything here has a twin in Python that finds the same (`chunks`, `meanings`, `worth`), which runs where no compiler was at hand
 * when the program was installed and with which tests compare. Nothing here knows words, patterns or languages: it parts a text into chunks,
 * numbers them, looks the numbers up in tables that Python fills, and gathers places. Text comes from anyone: every index into a
 * table is cut to its size, every array grows with what is written into it.
 */
#include "../chunks.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Read what is read soon, one place after the other with nothing to do in between, so that the memory is waited for once and not each time:
 * what an article hits was mostly not read for many articles, and is in no cache. (An instruction to prefetch does nothing where the
 * page is not known to the processor, and of such places it is not.) */
#define FETCH(place) ((void)*(const volatile char *)(place))
#define SOON 64 /* hits of which that is asked at once: more than most articles have */
#define NAMES 16 /* under which the hits of one sentence are told here; of more Python tells */
#define SPREAD UINT64_C(0x9E3779B97F4A7C15) /* as in `pairs` */
#define LINE 4 /* entries of the table of chunks that stand in one line of the processor's cache */
/* What a chunk may be, as in `meanings`; its class stands above these bits. */
#define ASKED 1
#define PAIR 2
#define LOOK 16
#define ODD 32
#define EMPTY 64
#define EDGED 128
#define CLASS 8
/* What the classes are by themselves, as in `meanings`. */
#define NONE 1
#define ONLY 2
#define LISTED ((int64_t)1 << 40) /* numbers of patterns from here on are of lists of names, as in `names` */

/* The bits of a table of `length` items, which must be a power of two; -1 with an exception where it is none. */
static int
bits_of(Py_ssize_t length)
{
    int bits = 0;
    while (((Py_ssize_t)1 << bits) < length)
        bits++;
    if (bits < 1 || ((Py_ssize_t)1 << bits) != length) {
        PyErr_SetString(PyExc_ValueError, "a table whose size is no power of two");
        return -1;
    }
    return bits;
}

static int
append(PyObject *list, Py_ssize_t number)
{
    PyObject *item = PyLong_FromSsize_t(number);
    if (item == NULL)
        return -1;
    int failed = PyList_Append(list, item);
    Py_DECREF(item);
    return failed;
}

/* ------------------------------------------------------------------------------------------------ reading */

/* What a text is read with, see `read_doc`. */
typedef struct {
    const uint64_t (*entries)[2]; /* number and value of each chunk known, `LINE` in a line */
    int shift;
    PyObject *beside;
} Tables;

/* Set the value of every chunk that a table knows, and list the places of the others. */
static int
look_up(const Tables *tables, const Chunks *chunks, uint32_t *values, PyObject *missed)
{
    /* First those that are at their own place, so that the processor waits for many at once and guesses nothing. */
    Py_ssize_t others = 0;
    int64_t *places = PyMem_Malloc((chunks->count + 1) * sizeof(int64_t));
    if (places == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t place = 0; place < chunks->count; place++) {
        const uint64_t number = chunks->numbers[place];
        const uint64_t *own = tables->entries[number >> tables->shift];
        values[place] = (uint32_t)own[1];
        places[others] = place;
        others += own[0] != number;
    }
    for (Py_ssize_t i = 0; i < others && !PyErr_Occurred(); i++) {
        const uint64_t number = chunks->numbers[places[i]], own = number >> tables->shift;
        uint64_t at = own;
        for (uint64_t other = 1; other < LINE && at == own; other++)
            if (tables->entries[own ^ other][0] == number)
                at = own ^ other;
        if (at != own) {
            values[places[i]] = (uint32_t)tables->entries[at][1];
            continue;
        }
        PyObject *key = PyLong_FromUnsignedLongLong(number);
        PyObject *value = key == NULL ? NULL : PyDict_GetItemWithError(tables->beside, key);
        Py_XDECREF(key);
        if (value != NULL)
            values[places[i]] = (uint32_t)PyLong_AsUnsignedLong(value);
        else if (!PyErr_Occurred())
            append(missed, places[i]);
    }
    PyMem_Free(places);
    return PyErr_Occurred() ? -1 : 0;
}

PyDoc_STRVAR(read_doc,
"read(text, weights, kinds, quote, base, table, beside) -> (starts, ends, numbers, values, missed, alone, beyond)\n\n"
"The chunks of a text: where they begin and end in code points (int64), their numbers (uint64) and what the `table` of numbers and\n"
"values side by side (uint64), and the dictionary `beside` it, say of each (uint32), as bytearrays; the places of those it does not\n"
"know; whether there is a character of a script without blanks, and whether there is one beyond the BMP. `weights` (uint64) and\n"
"`kinds` (bytes) are by UTF-16 code unit.");

static PyObject *
read_text(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 7 || !PyUnicode_Check(args[0]) || !PyDict_Check(args[6])) {
        PyErr_SetString(PyExc_TypeError, "read(text, weights, kinds, quote, base, table, beside)");
        return NULL;
    }
    Alphabet alphabet = {.quote = PyLong_AsUnsignedLongLong(args[3]), .base = PyLong_AsUnsignedLongLong(args[4])};
    Tables tables = {.beside = args[6]};
    if (PyErr_Occurred())
        return NULL;
    PyObject *answer = NULL;
    Py_buffer weights, kinds, table;
    if (take(args[1], &weights, sizeof(uint64_t), 0) < 0)
        return NULL;
    if (take(args[2], &kinds, 1, 0) < 0)
        goto no_kinds;
    if (take(args[5], &table, sizeof(*tables.entries), 0) < 0)
        goto no_table;
    const int bits = bits_of(table.len / (Py_ssize_t)sizeof(*tables.entries));
    if (bits < 0)
        goto done;
    if (weights.len != UNITS * (Py_ssize_t)sizeof(uint64_t) || kinds.len != UNITS || bits < 2) {
        PyErr_SetString(PyExc_ValueError, "tables of another size");
        goto done;
    }
    alphabet.weights = weights.buf;
    alphabet.kinds = kinds.buf;
    alphabet.soon = tables.entries = table.buf;
    alphabet.soon_shift = tables.shift = 64 - bits;

    Chunks chunks;
    if (part_text(args[0], &alphabet, &chunks) < 0)
        goto done;
    uint32_t *found = PyMem_Malloc((chunks.count + 1) * sizeof(uint32_t));
    PyObject *missed = PyList_New(0);
    if (!found || !missed)
        PyErr_NoMemory();
    else if (look_up(&tables, &chunks, found, missed) == 0)
        answer = Py_BuildValue("(NNNNONN)", bytes_of(chunks.starts, chunks.count, sizeof(int64_t)),
                               bytes_of(chunks.ends, chunks.count, sizeof(int64_t)),
                               bytes_of(chunks.numbers, chunks.count, sizeof(uint64_t)), bytes_of(found, chunks.count, sizeof(uint32_t)),
                               missed, PyBool_FromLong(chunks.alone), PyBool_FromLong(chunks.beyond));
    Py_XDECREF(missed);
    PyMem_Free(found);
    free_chunks(&chunks);
done:
    PyBuffer_Release(&table);
no_table:
    PyBuffer_Release(&kinds);
no_kinds:
    PyBuffer_Release(&weights);
    return answer;
}

PyDoc_STRVAR(put_doc,
"put(table, numbers, values) -> list\n\n"
"Put each number with its value (uint64) into a table as `read` asks, where in its line there is room; the places of those that found\n"
"none.");

static PyObject *
put(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 3) {
        PyErr_SetString(PyExc_TypeError, "put(table, numbers, values)");
        return NULL;
    }
    PyObject *beside = NULL;
    Py_buffer table, numbers, values;
    if (take(args[0], &table, 2 * sizeof(uint64_t), 1) < 0)
        return NULL;
    if (take(args[1], &numbers, sizeof(uint64_t), 0) < 0)
        goto no_numbers;
    if (take(args[2], &values, sizeof(uint64_t), 0) < 0)
        goto no_values;
    const int bits = bits_of(table.len / (Py_ssize_t)(2 * sizeof(uint64_t)));
    if (bits < 0)
        goto done;
    if (bits < 2 || numbers.len != values.len) {
        PyErr_SetString(PyExc_ValueError, "tables of another size");
        goto done;
    }
    uint64_t (*entries)[2] = table.buf;
    beside = PyList_New(0);
    for (Py_ssize_t i = 0; beside != NULL && i < numbers.len / (Py_ssize_t)sizeof(uint64_t); i++) {
        const uint64_t number = ((const uint64_t *)numbers.buf)[i], own = number >> (64 - bits);
        uint64_t other = 0;
        while (other < LINE && entries[own ^ other][0])
            other++;
        if (other < LINE) {
            entries[own ^ other][0] = number;
            entries[own ^ other][1] = ((const uint64_t *)values.buf)[i];
        }
        else if (append(beside, i) < 0)
            Py_CLEAR(beside);
    }
done:
    PyBuffer_Release(&values);
no_values:
    PyBuffer_Release(&numbers);
no_numbers:
    PyBuffer_Release(&table);
    return beside;
}

/* What is passed over, see `pass_over_doc`. */
typedef struct {
    Py_buffer table, numbers, values, places, nothing;
    int bits;
    Py_ssize_t most, put; /* how many numbers may be put into the table, and how many were */
} Passed;

/* Set the value of a chunk that is nothing, and put it into the table; 0 where neither was done. */
static int
pass_one(Passed *passed, Py_ssize_t place)
{
    uint64_t (*entries)[2] = passed->table.buf;
    const uint64_t number = ((const uint64_t *)passed->numbers.buf)[place], own = number >> (64 - passed->bits);
    uint64_t (*room)[2] = NULL, (*there)[2] = NULL;
    for (uint64_t other = LINE; other-- > 0;) {
        uint64_t (*const entry)[2] = &entries[own ^ other];
        if ((*entry)[0] == number)
            there = entry;
        if (!(*entry)[0])
            room = entry;
    }
    if (!number || (there == NULL && (room == NULL || passed->put >= passed->most)))
        return 0;
    if (there == NULL) { /* and not in the text before */
        (*room)[0] = number;
        (*room)[1] = 0;
        passed->put++;
    }
    ((uint32_t *)passed->values.buf)[place] = there == NULL ? 0 : (uint32_t)(*there)[1];
    return 1;
}

/* Pass over all that is nothing; the others, by their number among the places, or NULL with an exception. */
static PyObject *
pass_all(Passed *passed)
{
    const Py_ssize_t count = passed->values.len / (Py_ssize_t)sizeof(uint32_t), many = passed->places.len / (Py_ssize_t)sizeof(int64_t);
    PyObject *left = PyList_New(0);
    for (Py_ssize_t i = 0; left != NULL && i < many; i++) {
        const int64_t place = ((const int64_t *)passed->places.buf)[i];
        if (place < 0 || place >= count) {
            PyErr_SetString(PyExc_ValueError, "a place beyond the chunks");
            Py_CLEAR(left);
        }
        else if (!(((const uint8_t *)passed->nothing.buf)[i] && pass_one(passed, place)) && append(left, i) < 0)
            Py_CLEAR(left);
    }
    return left;
}

PyDoc_STRVAR(pass_over_doc,
"pass_over(table, numbers, values, places, nothing, most) -> (left, put)\n\n"
"Of the chunks at `places` (int64), that have numbers (uint64), those that `nothing` marks (bytes) have the value 0 (uint32), and are put\n"
"into a table as `read` asks: at most so many, and where there is room. Which are left, by their number among the places, and how many were\n"
"put.");

static PyObject *
pass_over(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Passed passed = {.most = nargs == 6 ? PyLong_AsSsize_t(args[5]) : -1};
    if (nargs != 6 || PyErr_Occurred()) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "pass_over(table, numbers, values, places, nothing, most)");
        return NULL;
    }
    Py_buffer *const views[] = {&passed.table, &passed.numbers, &passed.values, &passed.places, &passed.nothing};
    static const Py_ssize_t sizes[] = {2 * sizeof(uint64_t), sizeof(uint64_t), sizeof(uint32_t), sizeof(int64_t), 1};
    PyObject *left = NULL;
    int taken = 0;
    while (taken < 5 && take(args[taken], views[taken], sizes[taken], taken == 0 || taken == 2) == 0)
        taken++;
    passed.bits = taken < 5 ? -1 : bits_of(passed.table.len / sizes[0]);
    if (passed.bits >= 0) {
        if (passed.bits < 2 || passed.numbers.len / sizes[1] != passed.values.len / sizes[2] ||
            passed.places.len / sizes[3] != passed.nothing.len)
            PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        else
            left = pass_all(&passed);
    }
    while (taken-- > 0)
        PyBuffer_Release(views[taken]);
    return left == NULL ? NULL : Py_BuildValue("(Nn)", left, passed.put);
}

PyDoc_STRVAR(settle_doc,
"settle(starts, ends, numbers, values) -> bits\n\n"
"Drop the chunks without a word from the four bytearrays that `read` made, and say what bits the values of the others have.");

static PyObject *
settle(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 4 || !PyByteArray_Check(args[0]) || !PyByteArray_Check(args[1]) || !PyByteArray_Check(args[2]) ||
        !PyByteArray_Check(args[3])) {
        PyErr_SetString(PyExc_TypeError, "settle(starts, ends, numbers, values)");
        return NULL;
    }
    const Py_ssize_t count = PyByteArray_GET_SIZE(args[3]) / (Py_ssize_t)sizeof(uint32_t);
    for (int i = 0; i < 3; i++)
        if (PyByteArray_GET_SIZE(args[i]) != count * (Py_ssize_t)sizeof(uint64_t)) {
            PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
            return NULL;
        }
    for (int i = 0; i < 4; i++)
        if (count && !is_aligned(PyByteArray_AS_STRING(args[i]), i < 3 ? sizeof(uint64_t) : sizeof(uint32_t))) {
            PyErr_SetString(PyExc_ValueError, "a buffer that does not begin where an item may");
            return NULL;
        }
    uint64_t *starts = (uint64_t *)PyByteArray_AS_STRING(args[0]), *ends = (uint64_t *)PyByteArray_AS_STRING(args[1]);
    uint64_t *numbers = (uint64_t *)PyByteArray_AS_STRING(args[2]);
    uint32_t *values = (uint32_t *)PyByteArray_AS_STRING(args[3]);
    uint32_t bits = 0;
    Py_ssize_t kept = 0;
    for (Py_ssize_t place = 0; place < count; place++) {
        if (values[place] & EMPTY)
            continue;
        if (kept != place) {
            starts[kept] = starts[place];
            ends[kept] = ends[place];
            numbers[kept] = numbers[place];
            values[kept] = values[place];
        }
        bits |= values[kept++];
    }
    if (kept != count) {
        for (int i = 0; i < 3; i++)
            if (PyByteArray_Resize(args[i], kept * (Py_ssize_t)sizeof(uint64_t)) < 0)
                return NULL;
        if (PyByteArray_Resize(args[3], kept * (Py_ssize_t)sizeof(uint32_t)) < 0)
            return NULL;
    }
    return PyLong_FromUnsignedLong(bits);
}

PyDoc_STRVAR(places_doc,
"places(values, low, high, bits) -> list\n\n"
"Of the chunks [low, high) the places of those whose value (uint32) has any of the `bits`.");

static PyObject *
places(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 4) {
        PyErr_SetString(PyExc_TypeError, "places(values, low, high, bits)");
        return NULL;
    }
    Py_ssize_t low = PyLong_AsSsize_t(args[1]), high = PyErr_Occurred() ? -1 : PyLong_AsSsize_t(args[2]);
    const unsigned long bits = PyErr_Occurred() ? 0 : PyLong_AsUnsignedLong(args[3]);
    Py_buffer values;
    if (PyErr_Occurred() || take(args[0], &values, sizeof(uint32_t), 0) < 0)
        return NULL;
    if (low < 0)
        low = 0;
    if (high > values.len / (Py_ssize_t)sizeof(uint32_t))
        high = values.len / (Py_ssize_t)sizeof(uint32_t);
    PyObject *found = PyList_New(0);
    for (Py_ssize_t place = low; found != NULL && place < high; place++)
        if (((const uint32_t *)values.buf)[place] & bits && append(found, place) < 0)
            Py_CLEAR(found);
    PyBuffer_Release(&values);
    return found;
}

/* ------------------------------------------------------------------------------------------------ stems */

/* A table of stems: of each entry the hash of the stem, never 0, and a slot above the bits of what it allows to be attached. A stem of
 * several slots has as many entries. */
typedef struct {
    Py_buffer view;
    uint64_t (*entries)[2];
    uint64_t mask; /* entries less one */
} Stems;

/* -1 with an exception, and nothing to release. */
static int
take_stems(PyObject *from, Stems *stems, int writable)
{
    if (take(from, &stems->view, 2 * sizeof(uint64_t), writable) < 0)
        return -1;
    stems->entries = stems->view.buf;
    stems->mask = (uint64_t)(stems->view.len / (Py_ssize_t)(2 * sizeof(uint64_t))) - 1;
    if (bits_of((Py_ssize_t)stems->mask + 1) >= 0)
        return 0;
    PyBuffer_Release(&stems->view);
    return -1;
}

/* Where a stem of this hash is looked for first. */
static inline uint64_t
place_of(const Stems *stems, uint64_t hash)
{
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (hash ^ hash >> 32) & stems->mask;
}

/* Enter a stem at the next place that is free; -1 with an exception where none is. */
static int
enter_stem(Stems *stems, uint64_t hash, uint64_t says)
{
    uint64_t at = place_of(stems, hash);
    for (uint64_t tried = 0; tried <= stems->mask; tried++, at = (at + 1) & stems->mask)
        if (!stems->entries[at][0]) {
            stems->entries[at][0] = hash;
            stems->entries[at][1] = says;
            return 0;
        }
    PyErr_SetString(PyExc_ValueError, "a table that is full");
    return -1;
}

/* The hash of a string as Python has it, keyed anew in every process; 0 with an exception. */
static uint64_t
stem_hash(PyObject *stem)
{
    if (!PyUnicode_Check(stem)) {
        PyErr_SetString(PyExc_TypeError, "a stem that is no string");
        return 0;
    }
    const Py_hash_t hash = PyObject_Hash(stem);
    return hash == -1 ? 0 : (uint64_t)hash | 1;
}

PyDoc_STRVAR(add_stems_doc,
"add_stems(table, stems, slot)\n\n"
"Enter each of the `stems` of a slot, (stem, what it allows) each, into a table of pairs of uint64 that has room for them.");

static PyObject *
add_stems(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 3 || !PyTuple_Check(args[1])) {
        PyErr_SetString(PyExc_TypeError, "add_stems(table, stems, slot)");
        return NULL;
    }
    const unsigned long slot = PyLong_AsUnsignedLong(args[2]);
    Stems stems;
    if (PyErr_Occurred() || take_stems(args[0], &stems, 1) < 0)
        return NULL;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(args[1]) && !PyErr_Occurred(); i++) {
        PyObject *one = PyTuple_GET_ITEM(args[1], i);
        if (!PyTuple_Check(one) || PyTuple_GET_SIZE(one) != 2) {
            PyErr_SetString(PyExc_TypeError, "a stem and what it allows");
            break;
        }
        const uint64_t hash = stem_hash(PyTuple_GET_ITEM(one, 0));
        const unsigned long allows = hash ? PyLong_AsUnsignedLong(PyTuple_GET_ITEM(one, 1)) : 0;
        if (!PyErr_Occurred() && (slot > UINT32_MAX || allows > UINT32_MAX))
            PyErr_SetString(PyExc_OverflowError, "a slot and what a stem allows have 32 bits each");
        if (!PyErr_Occurred())
            enter_stem(&stems, hash, (uint64_t)slot << 32 | allows);
    }
    PyBuffer_Release(&stems.view);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

PyDoc_STRVAR(move_stems_doc, "move_stems(before, table)\n\nEnter all that is in a table of stems into another one that has room for it.");

static PyObject *
move_stems(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Stems from, to;
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "move_stems(before, table)");
        return NULL;
    }
    if (take_stems(args[0], &from, 0) < 0)
        return NULL;
    if (take_stems(args[1], &to, 1) < 0) {
        PyBuffer_Release(&from.view);
        return NULL;
    }
    for (uint64_t at = 0; at <= from.mask && !PyErr_Occurred(); at++)
        if (from.entries[at][0])
            enter_stem(&to, from.entries[at][0], from.entries[at][1]);
    PyBuffer_Release(&from.view);
    PyBuffer_Release(&to.view);
    return PyErr_Occurred() ? NULL : Py_NewRef(Py_None);
}

PyDoc_STRVAR(stem_doc, "stem(table, stem) -> tuple\n\n(what it allows, slot) of each slot that a stem was entered for, in no order.");

static PyObject *
stem(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Stems stems;
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "stem(table, stem)");
        return NULL;
    }
    const uint64_t hash = stem_hash(args[1]);
    if (!hash || take_stems(args[0], &stems, 0) < 0)
        return NULL;
    PyObject *found = NULL;
    uint64_t at = place_of(&stems, hash);
    for (uint64_t tried = 0; tried <= stems.mask && stems.entries[at][0]; tried++, at = (at + 1) & stems.mask) {
        if (stems.entries[at][0] != hash)
            continue;
        const uint64_t says = stems.entries[at][1];
        PyObject *one = Py_BuildValue("(kk)", (unsigned long)(says & UINT32_MAX), (unsigned long)(says >> 32));
        if (found == NULL)
            found = PyList_New(0);
        if (one == NULL || found == NULL || PyList_Append(found, one) < 0) {
            Py_XDECREF(one);
            Py_CLEAR(found);
            break;
        }
        Py_DECREF(one);
    }
    PyBuffer_Release(&stems.view);
    if (PyErr_Occurred())
        return NULL;
    if (found == NULL)
        return PyTuple_New(0);
    PyObject *answer = PyList_AsTuple(found);
    Py_DECREF(found);
    return answer;
}

/* ------------------------------------------------------------------------------------------------ finding */

/* One pattern at one place, as `scan.Found`: many of them are the bytes that `find` returns. */
typedef struct {
    int64_t sentence, first, last, pattern, start, end;
} Hit;

/* The chunks [first, last) are one word each and together the pattern; `word` is the number of the first in its sentence. */
typedef struct {
    Py_ssize_t first, last, word;
    int64_t pattern;
} Mention;

typedef struct {
    /* What is searched, and by what: see `find_doc`. */
    const int64_t *starts, *ends;
    const uint32_t *values;
    Py_ssize_t count;
    PyObject *single, *met, *words, *phrases, *edges, *doubtful, *inside;
    const uint32_t *filter;
    const uint64_t (*pairs)[2];
    int filter_shift, pairs_shift;
    const uint32_t *alone;
    Py_ssize_t classes; /* of which `alone` tells */
    PyObject *text, *aside;
    /* The sentence that is being read: its number and bounds, its mentions, and whether it has to be gone through word by word. */
    Py_ssize_t number;
    int64_t begin, end;
    Py_ssize_t at, word; /* a chunk of it, and the number of that one's first word */
    Mention *mentions;
    Py_ssize_t mentioned, room;
    int split, crossed;
    int odd; /* whether any chunk of the text is not one word */
    /* What was found so far. */
    Hit *hits;
    Py_ssize_t found, space;
} Search;

static int
mention(Search *search, Py_ssize_t first, Py_ssize_t last, Py_ssize_t word, int64_t pattern)
{
    if (search->mentioned == search->room) {
        Py_ssize_t room = search->room * 2 + 16;
        Mention *mentions = PyMem_Realloc(search->mentions, room * sizeof(Mention));
        if (mentions == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        search->mentions = mentions;
        search->room = room;
    }
    search->mentions[search->mentioned++] = (Mention){first, last, word, pattern};
    return 0;
}

/* Item `index` of a list of tuples; NULL with an exception where there is none. Borrowed. */
static PyObject *
tuple_at(PyObject *list, uint32_t index)
{
    if (!PyList_Check(list) || (Py_ssize_t)index >= PyList_GET_SIZE(list) || !PyTuple_Check(PyList_GET_ITEM(list, index))) {
        PyErr_SetString(PyExc_ValueError, "a class that nobody knows");
        return NULL;
    }
    return PyList_GET_ITEM(list, index);
}

/* Item `index` of a tuple of numbers; -1 with an exception where it is none. Nothing of Python runs for it, which might change what is
 * being gone through. */
static int
number_at(PyObject *numbers, Py_ssize_t index, int64_t *number)
{
    PyObject *item = PyTuple_GET_ITEM(numbers, index);
    if (!PyLong_CheckExact(item)) {
        PyErr_SetString(PyExc_TypeError, "a number was expected");
        return -1;
    }
    *number = PyLong_AsLongLong(item);
    return *number == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Add a hit to those found; -1 with an exception. */
static int
keep(Search *search, Hit one)
{
    if (search->found == search->space) {
        Py_ssize_t space = search->space * 2 + 16;
        Hit *hits = PyMem_Realloc(search->hits, space * sizeof(Hit));
        if (hits == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        search->hits = hits;
        search->space = space;
    }
    search->hits[search->found++] = one;
    return 0;
}

/* Whether a set holds a number; -1 with an exception. */
static int
holds(PyObject *set, int64_t number)
{
    PyObject *key = PyLong_FromLongLong(number);
    const int there = key == NULL ? -1 : PySet_Contains(set, key);
    Py_XDECREF(key);
    return there;
}

/* What `callback` says of two places in the text; NULL with an exception. */
static PyObject *
asked_of(PyObject *callback, int64_t first, int64_t last)
{
    return PyObject_CallFunction(callback, "LL", (long long)first, (long long)last);
}

/* Whether a character is a letter or digit of ASCII, with which a word may begin and end, whatever stands around it. */
static inline int
is_plain(Py_UCS4 character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') || (character >= '0' && character <= '9');
}

/* Whether a character is one of the commonest that stand in a chunk and, at its edge, in no word. */
static inline int
is_edge(Py_UCS4 character)
{
    return character == ',' || character == '\'' || character == 0x2018 || character == 0x2019;
}

/* From where a chunk's word begins in `first` to where one ends in `last`, each of them one word; 0 where that has to be asked. */
static int
trimmed(const Search *search, Py_ssize_t first, Py_ssize_t last, int64_t *from, int64_t *to)
{
    int64_t start = search->starts[first], end = search->ends[last];
    if ((search->values[first] | search->values[last]) & ODD || start < 0 || end > PyUnicode_GET_LENGTH(search->text))
        return 0;
    while (start < end && is_edge(PyUnicode_READ_CHAR(search->text, start)))
        start++;
    while (start < end && is_edge(PyUnicode_READ_CHAR(search->text, end - 1)))
        end--;
    *from = start;
    *to = end;
    return start < end && is_plain(PyUnicode_READ_CHAR(search->text, start)) && is_plain(PyUnicode_READ_CHAR(search->text, end - 1));
}

/* Add one mention to the hits. */
static int
hit(Search *search, const Mention *one)
{
    int64_t start = search->starts[one->first], end = search->ends[one->last - 1];
    if ((search->values[one->first] | search->values[one->last - 1]) & EDGED &&
        !trimmed(search, one->first, one->last - 1, &start, &end)) {
        PyObject *edges = asked_of(search->edges, search->starts[one->first], search->starts[one->last - 1]);
        long long trimmed_start, trimmed_end;
        if (edges != NULL && !PyTuple_Check(edges))
            PyErr_SetString(PyExc_TypeError, "where words begin and end is a tuple");
        if (PyErr_Occurred() || !PyArg_ParseTuple(edges, "LL", &trimmed_start, &trimmed_end)) {
            Py_XDECREF(edges);
            return -1;
        }
        Py_DECREF(edges);
        start = trimmed_start;
        end = trimmed_end;
    }
    const int doubtful = PySet_GET_SIZE(search->doubtful) ? holds(search->doubtful, one->pattern) : 0;
    if (doubtful < 0)
        return -1;
    if (doubtful) {
        PyObject *said = asked_of(search->inside, start, end);
        const int inside = said == NULL ? -1 : PyObject_IsTrue(said);
        Py_XDECREF(said);
        if (inside)
            return inside < 0 ? -1 : 0;
    }
    return keep(search, (Hit){search->number, one->word, one->word + one->last - one->first, one->pattern, start, end});
}

/* The order of `Found`, as far as places in the text do not follow from it. */
static int
before(const void *one, const void *two)
{
    const Hit *a = one, *b = two;
    if (a->sentence != b->sentence)
        return a->sentence < b->sentence ? -1 : 1;
    if (a->first != b->first)
        return a->first < b->first ? -1 : 1;
    if (a->last != b->last)
        return a->last < b->last ? -1 : 1;
    return (a->pattern > b->pattern) - (a->pattern < b->pattern);
}

/* Put the hits from `first` on, those of one sentence, in order, each once. */
static void
put_in_order(Search *search, Py_ssize_t first)
{
    Hit *hits = search->hits;
    Py_ssize_t sorted = first + 1, kept = first + 1;
    while (sorted < search->found && before(&hits[sorted - 1], &hits[sorted]) < 0)
        sorted++;
    if (sorted >= search->found) /* as nearly always */
        return;
    qsort(hits + first, (size_t)(search->found - first), sizeof(Hit), before);
    for (Py_ssize_t i = first + 1; i < search->found; i++)
        if (before(&hits[i - 1], &hits[i]) != 0)
            hits[kept++] = hits[i];
    search->found = kept;
}

static int
put_aside(Search *search, Py_ssize_t sentence)
{
    PyObject *number = PyLong_FromSsize_t(sentence);
    if (number == NULL)
        return -1;
    int failed = PySet_Add(search->aside, number);
    Py_DECREF(number);
    return failed;
}

/* Whether a chunk reaches into the sentence that is being read, or out of it. */
static int
is_crossed(const Search *search)
{
    Py_ssize_t last = search->at;
    while (last < search->count && search->starts[last] < search->end)
        last++;
    return search->crossed || (last && search->starts[last - 1] < search->end && search->ends[last - 1] > search->end);
}

/* The sentence is over: its mentions become hits, or it is put aside. */
static int
finish(Search *search)
{
    int failed = 0;
    const int given = search->mentioned && PySet_GET_SIZE(search->aside) ? holds(search->aside, search->number) : 0;
    if (given < 0) {
        failed = -1;
    }
    else if (given || search->split || (search->mentioned && is_crossed(search))) {
        failed = put_aside(search, search->number);
    }
    else if (search->mentioned) {
        const Py_ssize_t first = search->found;
        for (Py_ssize_t i = 0; i < search->mentioned && !failed; i++)
            failed = hit(search, &search->mentions[i]);
        if (!failed)
            put_in_order(search, first);
    }
    search->mentioned = 0;
    search->split = search->crossed = 0;
    return failed;
}

/* Whether the chunks from `first` on meet the slots of a phrase; -1 with an exception. */
static int
stand(Search *search, PyObject *wanted, Py_ssize_t first)
{
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(wanted); i++) {
        PyObject *slots = tuple_at(search->met, search->values[first + i] >> CLASS);
        if (slots == NULL)
            return -1;
        Py_INCREF(slots); /* what is compared may be anything, and change `met` */
        const int there = PySequence_Contains(slots, PyTuple_GET_ITEM(wanted, i));
        Py_DECREF(slots);
        if (there <= 0)
            return there;
    }
    return 1;
}

/* Add the phrase that the chunks [first, last) are, if it lies in the sentence; `word` is the number of its first word there. */
static int
add_phrase(Search *search, Py_ssize_t first, Py_ssize_t last, Py_ssize_t word, int64_t pattern)
{
    if (search->starts[first] < search->begin || search->ends[last - 1] > search->end) {
        if (search->ends[first] > search->begin && search->starts[last - 1] < search->end)
            search->split = 1;
        return 0;
    }
    return mention(search, first, last, word, pattern);
}

/* Add the phrases that have their two words at `place`. */
static int
add_phrases(Search *search, PyObject *phrases, Py_ssize_t place, Py_ssize_t word)
{
    if ((search->values[place] | search->values[place + 1]) & ODD) {
        search->split = 1;
        return 0;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(phrases); i++) {
        PyObject *phrase = PyTuple_GET_ITEM(phrases, i);
        if (!PyTuple_Check(phrase) || PyTuple_GET_SIZE(phrase) != 3 || !PyTuple_Check(PyTuple_GET_ITEM(phrase, 2))) {
            PyErr_SetString(PyExc_TypeError, "a phrase is its pattern, the place of the first of the two words in it, and its slots");
            return -1;
        }
        PyObject *wanted = PyTuple_GET_ITEM(phrase, 2);
        int64_t pattern, before;
        if (number_at(phrase, 0, &pattern) < 0 || number_at(phrase, 1, &before) < 0)
            return -1;
        if (before < 0 || before >= PyTuple_GET_SIZE(wanted)) {
            PyErr_SetString(PyExc_ValueError, "a phrase without its two words");
            return -1;
        }
        const Py_ssize_t first = place - before, last = first + PyTuple_GET_SIZE(wanted);
        if (PyTuple_GET_SIZE(wanted) > 2) {
            for (Py_ssize_t at = first < 0 ? 0 : first; at < last && at < search->count; at++)
                if (search->values[at] & ODD) {
                    search->split = 1;
                    return 0;
                }
            if (first < 0 || last > search->count)
                continue;
            const int there = stand(search, wanted, first);
            if (there < 0)
                return -1;
            if (!there)
                continue;
        }
        if (first < 0 || last > search->count || last <= first)
            continue;
        if (add_phrase(search, first, last, word - before, pattern) < 0)
            return -1;
        if (search->split)
            return 0;
    }
    return 0;
}

/* Whether two chunks side by side may stand in a phrase, as `Meanings.pairs` asks: without a branch, which would be guessed wrong
 * every other time. */
static inline int
may_be_phrase(const Search *search, uint32_t one, uint32_t two)
{
    const uint32_t mixed = one * 0x9E3779B1u + two * 0xC2B2AE3Du;
    const uint32_t places = 1u << (mixed >> 7 & 31) | 1u << (mixed >> 12 & 31);
    return ((search->filter[mixed >> search->filter_shift] & places) == places) & ((one & two & PAIR) != 0);
}

/* The places worth looking at: words asked for, what has to be looked at, and the first of two words that may stand in a phrase.
 * First what may be any of these, which is little where little is asked for, and of that what is. */
static Py_ssize_t
sift(Search *search, Py_ssize_t *places)
{
    const uint32_t *values = search->values;
    const Py_ssize_t last = search->count - 1;
    Py_ssize_t some = 0, kept = 0;
    uint32_t bits = 0;
    for (Py_ssize_t place = 0; place < last; place++) {
        const uint32_t value = values[place];
        bits |= value;
        places[some] = place;
        some += ((value & (ASKED | LOOK)) | (value & values[place + 1] & PAIR)) != 0;
    }
    for (Py_ssize_t i = 0; i < some; i++) {
        const Py_ssize_t place = places[i];
        const uint32_t value = values[place];
        places[kept] = place;
        kept += ((value & (ASKED | LOOK)) != 0) | may_be_phrase(search, value, values[place + 1]);
    }
    if (last >= 0) {
        bits |= values[last];
        places[kept] = last;
        kept += (values[last] & (ASKED | LOOK)) != 0;
    }
    search->odd = (bits & ODD) != 0;
    return kept;
}

/* What phrases two chunks side by side stand in: the pattern of the one phrase of two words, -1 where it is not that, and then those
 * phrases, borrowed, or NULL. */
typedef struct {
    int64_t pattern;
    PyObject *phrases;
} Beside;

/* The number of two chunks side by side in the table of pairs, as `Pairs` spreads it. */
static inline uint64_t
number_of(uint32_t one, uint32_t two)
{
    return ((uint64_t)one << 32 | two) * SPREAD;
}

/* The first entry of the line in which such a number is, if it is in the table. */
static inline uint64_t
line_of(const Search *search, uint64_t number)
{
    return number >> search->pairs_shift & ~(uint64_t)(LINE - 1);
}

/* Whether two chunks side by side stand in any phrase; -1 with an exception. */
static int
look_beside(const Search *search, uint32_t one, uint32_t two, Beside *beside)
{
    const uint64_t number = number_of(one, two), (*line)[2] = search->pairs + line_of(search, number);
    int room = 0, there = 0;
    *beside = (Beside){.pattern = -1};
    for (int i = 0; i < LINE; i++) {
        if (line[i][0] == number) {
            there = 1;
            beside->pattern = (int64_t)line[i][1] - 1;
        }
        room |= line[i][0] == 0;
    }
    if (beside->pattern >= 0)
        return 1;
    if (room && !there)
        return 0;
    PyObject *key = PyLong_FromUnsignedLongLong((uint64_t)one << 32 | two);
    beside->phrases = key == NULL ? NULL : PyDict_GetItemWithError(search->phrases, key);
    Py_XDECREF(key);
    if (beside->phrases != NULL && !PyTuple_Check(beside->phrases)) {
        PyErr_SetString(PyExc_TypeError, "phrases are a tuple");
        return -1;
    }
    return beside->phrases != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
}

/* Where each sentence begins, and what no chunk reaches; NULL with an exception. All at once, so that the processor waits for many
 * of these objects at a time. */
static int64_t *
begin_of(PyObject *sentences)
{
    const Py_ssize_t many = PyTuple_GET_SIZE(sentences);
    int64_t *begin = PyMem_Malloc((many + 1) * sizeof(int64_t));
    if (begin == NULL) {
        PyErr_NoMemory();
        return NULL;
    }
    for (Py_ssize_t i = 0; i < many; i++) {
        PyObject *sentence = PyTuple_GET_ITEM(sentences, i);
        if (!PyTuple_Check(sentence) || PyTuple_GET_SIZE(sentence) < 2) {
            PyErr_SetString(PyExc_TypeError, "a sentence is a tuple that begins with its bounds");
            break;
        }
        int64_t end; /* of what is gone through later */
        if (number_at(sentence, 0, begin + i) < 0 || number_at(sentence, 1, &end) < 0)
            break;
    }
    begin[many] = INT64_MAX;
    if (PyErr_Occurred()) {
        PyMem_Free(begin);
        return NULL;
    }
    return begin;
}

/* Go on to the last sentence that begins at `start` or before, where the chunk at `place` begins; there is one. */
static int
reach(Search *search, PyObject *sentences, const int64_t *begin, Py_ssize_t place, int64_t start)
{
    if (finish(search) < 0)
        return -1;
    if (start == INT64_MAX) { /* where what stands behind the last sentence begins, too */
        PyErr_SetString(PyExc_ValueError, "a chunk beyond any text");
        return -1;
    }
    while (begin[search->number + 1] <= start)
        search->number++;
    search->begin = begin[search->number];
    search->end = PyLong_AsLongLong(PyTuple_GET_ITEM(PyTuple_GET_ITEM(sentences, search->number), 1));
    if (PyErr_Occurred())
        return -1;
    while (place && search->starts[place - 1] >= search->begin)
        place--;
    search->at = place;
    search->word = 0;
    search->crossed = place && search->ends[place - 1] > search->begin;
    return 0;
}

/* How many words a chunk that is not one is; -1 with an exception. */
static Py_ssize_t
words_in(Search *search, uint32_t value)
{
    if ((Py_ssize_t)(value >> CLASS) >= PyList_GET_SIZE(search->words)) {
        PyErr_SetString(PyExc_ValueError, "a class that nobody knows");
        return -1;
    }
    const Py_ssize_t words = PyLong_AsSsize_t(PyList_GET_ITEM(search->words, value >> CLASS));
    if ((words < 0 || words > INT32_MAX) && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a chunk of so many words");
    return PyErr_Occurred() ? -1 : words;
}

/* Count the words of the sentence up to the chunk at `place`. */
static int
count_to(Search *search, Py_ssize_t place)
{
    if (!search->odd) {
        search->word += place - search->at;
        search->at = place;
    }
    for (; search->at < place; search->at++) {
        const uint32_t value = search->values[search->at];
        const Py_ssize_t words = value & ODD ? words_in(search, value) : 1;
        if (words < 0)
            return -1;
        search->word += words;
    }
    return 0;
}

/* Add the patterns that a chunk of this class is by itself. */
static int
add_single(Search *search, Py_ssize_t place, uint32_t class)
{
    const uint32_t alone = (Py_ssize_t)class < search->classes ? search->alone[class] : 0;
    if (alone >= ONLY)
        return mention(search, place, place + 1, search->word, alone - ONLY);
    PyObject *patterns = alone == NONE ? NULL : tuple_at(search->single, class);
    if (patterns == NULL)
        return alone == NONE ? 0 : -1;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(patterns); i++) {
        int64_t pattern;
        if (number_at(patterns, i, &pattern) < 0 || mention(search, place, place + 1, search->word, pattern) < 0)
            return -1;
    }
    return 0;
}

/* Add what the chunk at `place` is by itself, and the phrases that have their two words there. */
static int
look_at(Search *search, Py_ssize_t place, const Beside *beside, int64_t next)
{
    const int64_t start = search->starts[place], end = search->ends[place];
    const uint32_t value = search->values[place];
    if (search->number < 0 || end > search->end) {
        /* In furniture, or reaching into a sentence. */
        if (start < search->end && end > search->begin)
            search->split = 1;
        return end > next ? put_aside(search, search->number + 1) : 0;
    }
    if (add_single(search, place, value >> CLASS) < 0)
        return -1;
    /* A word that is a name by itself is not looked at here: `named` finds it. */
    if ((value & (LOOK | ODD)) == (LOOK | ODD) || (beside->pattern >= 0 && (value | search->values[place + 1]) & ODD))
        search->split = 1;
    else if (beside->pattern >= 0)
        return add_phrase(search, place, place + 2, search->word, beside->pattern);
    if (beside->phrases == NULL)
        return 0;
    PyObject *phrases = Py_NewRef(beside->phrases); /* comparing slots may change what they are of */
    const int failed = add_phrases(search, phrases, place, search->word);
    Py_DECREF(phrases);
    return failed;
}

/* What will be read at some places: what their classes are by themselves, and the line of the table of pairs. */
static void
fetch(const Search *search, const Py_ssize_t *places, Py_ssize_t many)
{
    for (Py_ssize_t i = 0; i < many; i++) {
        const Py_ssize_t place = places[i];
        const uint32_t value = search->values[place];
        if ((Py_ssize_t)(value >> CLASS) < search->classes)
            FETCH(&search->alone[value >> CLASS]);
        if (place + 1 < search->count && may_be_phrase(search, value, search->values[place + 1]))
            FETCH(&search->pairs[line_of(search, number_of(value, search->values[place + 1]))]);
    }
}

static int
search_places(Search *search, PyObject *sentences, const int64_t *begin, const Py_ssize_t *places, Py_ssize_t many)
{
    search->number = -1;
    search->begin = search->end = -1;
    for (Py_ssize_t i = 0; i < many; i++) {
        const Py_ssize_t place = places[i];
        const int64_t start = search->starts[place];
        if (i % SOON == 0)
            fetch(search, places + i, many - i < SOON ? many - i : SOON);
        if (begin[search->number + 1] <= start && reach(search, sentences, begin, place, start) < 0)
            return -1;
        const uint32_t value = search->values[place];
        Beside beside = {.pattern = -1};
        int phrases = 0;
        if (place + 1 < search->count && may_be_phrase(search, value, search->values[place + 1]))
            phrases = look_beside(search, value, search->values[place + 1], &beside);
        if (phrases < 0)
            return -1;
        if (!phrases && !(value & (ASKED | LOOK)))
            continue;
        if (count_to(search, place) < 0 || look_at(search, place, &beside, begin[search->number + 1]) < 0)
            return -1;
    }
    return finish(search);
}

static int
search_all(Search *search, PyObject *sentences)
{
    Py_ssize_t *places = PyMem_Malloc((search->count + 1) * sizeof(Py_ssize_t));
    if (places == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    const Py_ssize_t many = sift(search, places);
    int64_t *begin = many ? begin_of(sentences) : NULL;
    const int failed = !many ? 0 : begin == NULL ? -1 : search_places(search, sentences, begin, places, many);
    PyMem_Free(begin);
    PyMem_Free(places);
    return failed;
}

PyDoc_STRVAR(find_doc,
"find(text, starts, ends, values, sentences, single, alone, met, words, phrases, pairs, filter, aside, edges, doubtful, inside) -> bytes\n\n"
"The hits of the chunks that `read` and `settle` made, in text order, each once: six numbers (int64) each, as `scan.Found`.\n"
"Sentences that have to be gone through word by word have none; their numbers are added to the set `aside`, and those\n"
"that are in it already are left alone. `single`, `met` and `words` say\n"
"of each class the patterns it is by itself (`alone` (uint32) the same of most), the slots it meets, and how many words it is; `phrases` is by two values side by side as one number;\n"
"`pairs` (uint64) is the table of those and `filter` (uint32) says which may be, as in Python's `Pairs` and `Meanings`. `edges(first, last)` says where words begin and end in chunks that hold more than\n"
"one's letters; what of the set `doubtful` is `inside(start, end)` of a word is no hit.");

static PyObject *
find(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 16 || !PyUnicode_Check(args[0]) || !PyTuple_Check(args[4]) || !PyList_Check(args[8]) || !PyDict_Check(args[9]) ||
        !PySet_Check(args[12]) || !PyAnySet_Check(args[14])) {
        PyErr_SetString(PyExc_TypeError, "see find.__doc__");
        return NULL;
    }
    PyObject *answer = NULL;
    Py_buffer starts, ends, values, alone, pairs, filter;
    if (take(args[1], &starts, sizeof(int64_t), 0) < 0)
        return NULL;
    if (take(args[2], &ends, sizeof(int64_t), 0) < 0)
        goto no_ends;
    if (take(args[3], &values, sizeof(uint32_t), 0) < 0)
        goto no_values;
    if (take(args[6], &alone, sizeof(uint32_t), 0) < 0)
        goto no_alone;
    if (take(args[10], &pairs, 2 * sizeof(uint64_t), 0) < 0)
        goto no_pairs;
    if (take(args[11], &filter, sizeof(uint32_t), 0) < 0)
        goto no_filter;
    const int bits = bits_of(filter.len / (Py_ssize_t)sizeof(uint32_t));
    const int pairs_bits = bits < 0 ? -1 : bits_of(pairs.len / (Py_ssize_t)(2 * sizeof(uint64_t)));
    const Py_ssize_t count = values.len / (Py_ssize_t)sizeof(uint32_t);
    if (bits < 0 || pairs_bits < 0)
        goto done;
    if (bits > 32 || pairs_bits < 2 || starts.len != count * (Py_ssize_t)sizeof(int64_t) || ends.len != starts.len) {
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
        goto done;
    }
    Search search = {
        .text = args[0], .starts = starts.buf, .ends = ends.buf, .values = values.buf, .count = count, .single = args[5],
        .alone = alone.buf,
        .classes = alone.len / (Py_ssize_t)sizeof(uint32_t), .met = args[7], .words = args[8], .phrases = args[9], .pairs = pairs.buf,
        .pairs_shift = 64 - pairs_bits, .filter = filter.buf, .filter_shift = 32 - bits, .aside = args[12], .edges = args[13],
        .doubtful = args[14], .inside = args[15],
    };
    if (search_all(&search, args[4]) == 0)
        answer = PyBytes_FromStringAndSize((const char *)search.hits, search.found * (Py_ssize_t)sizeof(Hit));
    PyMem_Free(search.mentions);
    PyMem_Free(search.hits);
done:
    PyBuffer_Release(&filter);
no_filter:
    PyBuffer_Release(&pairs);
no_pairs:
    PyBuffer_Release(&alone);
no_alone:
    PyBuffer_Release(&values);
no_values:
    PyBuffer_Release(&ends);
no_ends:
    PyBuffer_Release(&starts);
    return answer;
}

/* ------------------------------------------------------------------------------------------------ names */

#define WORDS 12 /* of a name at the most, as in `names` */
#define SHORT 20 /* characters of a chunk whose number is surely told from all of them, see `chunks.LONGEST` */

/* What names are found with, see `names_doc`; `search` is the text, and takes the hits. */
typedef struct {
    Search search;
    const uint64_t *numbers;
    PyObject *known, *slowly, *sentences;
    int64_t *begin; /* where sentences begin, once that was asked */
    Py_ssize_t low; /* the first chunk of the sentence that was turned to, if any was */
    int turned;
} Naming;

/* What is known of the names that begin with the chunk at `place`, borrowed; NULL where nothing is, or with an exception. */
static PyObject *
known_at(const Naming *naming, Py_ssize_t place)
{
    const Search *search = &naming->search;
    uint64_t path = naming->numbers[place];
    if (search->values[place] & ODD)
        return NULL;
    for (Py_ssize_t at = place + 1; at < place + WORDS; at++) {
        /* Of the second one it may be known, though it is several words, that no name goes on there. */
        if (at < search->count && search->values[at] & ODD && (at > place + 1 || search->ends[at] - search->starts[at] > SHORT))
            return NULL;
        path = path * SPREAD + (at < search->count ? naming->numbers[at] : 0);
        PyObject *key = PyLong_FromUnsignedLongLong(path);
        PyObject *said = key == NULL ? NULL : PyDict_GetItemWithError(naming->known, key);
        Py_XDECREF(key);
        if (said != Py_None || at >= search->count)
            return said == Py_None ? NULL : said;
    }
    return NULL;
}

/* The first of the places [low, high) that is not below `least`; `high` where there is none. */
static Py_ssize_t
first_from(const int64_t *places, Py_ssize_t low, Py_ssize_t high, int64_t least)
{
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        if (places[middle] < least)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Turn to the sentence of the chunk at `place`, and count its words up to there: 1; 0 where the chunk lies in none, or one reaches into
 * it or out of it; -1 with an exception. `high` is its last chunk and one. */
static int
turn_to_sentence(Naming *naming, Py_ssize_t place, Py_ssize_t *high)
{
    Search *search = &naming->search;
    const int64_t start = search->starts[place];
    if (naming->begin == NULL && (naming->begin = begin_of(naming->sentences)) == NULL)
        return -1;
    const Py_ssize_t many = PyTuple_GET_SIZE(naming->sentences);
    Py_ssize_t number = first_from(naming->begin, 0, many, start);
    if (number == many || naming->begin[number] > start)
        number--;
    while (number + 1 < many && naming->begin[number + 1] == start)
        number++;
    if (number < 0)
        return 0;
    if (!naming->turned || search->number != number || search->at > place) { /* else it is counted on from the name before */
        search->number = number;
        search->begin = naming->begin[number];
        search->end = PyLong_AsLongLong(PyTuple_GET_ITEM(PyTuple_GET_ITEM(naming->sentences, number), 1));
        if (PyErr_Occurred())
            return -1;
        search->at = naming->low = first_from(search->starts, 0, place, search->begin);
        search->word = 0;
        naming->turned = 1;
    }
    *high = first_from(search->starts, place, search->count, search->end);
    if (*high <= place || (naming->low && search->ends[naming->low - 1] > search->begin) || search->ends[*high - 1] > search->end)
        return 0;
    return count_to(search, place) < 0 ? -1 : 1;
}

/* Whether a letter or digit may stand at a place of the text, which makes one word of it and what stands beside it. What is none is
 * told of ASCII and of the blanks, commas and quotes that are commonest in news. */
static int
may_be_of_word(PyObject *text, int64_t place)
{
    if (place < 0 || place >= PyUnicode_GET_LENGTH(text))
        return 0;
    const Py_UCS4 character = PyUnicode_READ_CHAR(text, place);
    if (character < 0x80)
        return is_plain(character);
    return character != 0xA0 && character != 0xAB && character != 0xBB && character != 0x60C && !(character >= 0x2010 && character < 0x2020);
}

/* Whether one blank stands between each of the chunks [first, last) and the next. */
static int
are_parted(const Search *search, Py_ssize_t first, Py_ssize_t last)
{
    const int64_t length = PyUnicode_GET_LENGTH(search->text);
    if (last > search->count)
        return 0;
    for (; first + 1 < last; first++) {
        const int64_t end = search->ends[first];
        if (end < 0 || end >= length || search->starts[first + 1] != end + 1 || PyUnicode_READ_CHAR(search->text, end) != ' ')
            return 0;
    }
    return 1;
}

/* Keep one name that is known to begin at `place` if it ends before `high`: 1; 0 where that has to be asked, -1 with an exception. */
static int
keep_name(Naming *naming, PyObject *name, Py_ssize_t place, Py_ssize_t high)
{
    Search *search = &naming->search;
    int64_t pattern, size, before, behind;
    if (!PyTuple_Check(name) || PyTuple_GET_SIZE(name) != 4) {
        PyErr_SetString(PyExc_TypeError, "a name is its pattern, its words, and what stands in its chunks before and behind it");
        return -1;
    }
    if (number_at(name, 0, &pattern) < 0 || number_at(name, 1, &size) < 0 || number_at(name, 2, &before) < 0 ||
        number_at(name, 3, &behind) < 0)
        return -1;
    if (size < 1 || size > WORDS || before < 0 || behind < 0 || before > INT32_MAX || behind > INT32_MAX) {
        PyErr_SetString(PyExc_ValueError, "a name that has no place");
        return -1;
    }
    if (place + size > high)
        return 1;
    if (pattern < LISTED && PySet_GET_SIZE(search->doubtful))
        return 0;
    const int64_t start = search->starts[place], end = search->ends[place + size - 1];
    if (start < 0 || start > end || end > PyUnicode_GET_LENGTH(search->text) || start + before >= end - behind)
        return 0;
    if ((!before && may_be_of_word(search->text, start - 1)) || (!behind && may_be_of_word(search->text, end)))
        return 0;
    return keep(search, (Hit){search->number, search->word, search->word + size, pattern, start + before, end - behind}) < 0 ? -1 : 1;
}

/* Find the names that begin with the chunk at `place`, by what is known of it: 1; 0 where that does not say, -1 with an exception. */
static int
find_known(Naming *naming, Py_ssize_t place, int whole)
{
    PyObject *said = known_at(naming, place);
    if (said == NULL)
        return PyErr_Occurred() ? -1 : 0;
    int64_t goes_on, joined;
    if (!PyTuple_Check(said) || PyTuple_GET_SIZE(said) < 2) {
        PyErr_SetString(PyExc_TypeError, "what is known of a beginning is whether it goes on, over how many chunks, and names");
        return -1;
    }
    if (number_at(said, 0, &goes_on) < 0 || number_at(said, 1, &joined) < 0)
        return -1;
    if (!whole && !goes_on)
        return 1;
    if (joined < 0 || joined > WORDS || !are_parted(&naming->search, place, place + joined))
        return 0;
    Py_ssize_t high = 0;
    int found = turn_to_sentence(naming, place, &high);
    for (Py_ssize_t i = 2; found > 0 && i < PyTuple_GET_SIZE(said); i++)
        found = keep_name(naming, PyTuple_GET_ITEM(said, i), place, high);
    return found;
}

/* Find the names that begin with the chunk at `place`; -1 with an exception. */
static int
name_at(Naming *naming, Py_ssize_t place, int whole)
{
    const Py_ssize_t before = naming->search.found;
    const int found = find_known(naming, place, whole);
    if (found)
        return found;
    naming->search.found = before;
    PyObject *said = PyObject_CallFunction(naming->slowly, "nO", place, whole ? Py_True : Py_False);
    Py_XDECREF(said);
    return said == NULL ? -1 : 0;
}

static int
find_names(Naming *naming, PyObject *begin, int whole)
{
    const Search *search = &naming->search;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(begin); i++) {
        const Py_ssize_t place = PyLong_AsSsize_t(PyList_GET_ITEM(begin, i));
        if (place < 0 || place >= search->count) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "a chunk that the text does not have");
            return -1;
        }
        if (name_at(naming, place, 0) < 0)
            return -1;
    }
    for (Py_ssize_t place = 0; whole && place < search->count; place++)
        if ((search->values[place] & (LOOK | ODD)) == LOOK && name_at(naming, place, 1) < 0)
            return -1;
    return 0;
}

PyDoc_STRVAR(names_doc,
"names(text, starts, ends, numbers, values, sentences, words, known, doubtful, begin, whole, slowly) -> bytes\n\n"
"The names that begin at the places `begin` of chunks that `read` and `settle` made, a list, and at those of chunks that are one\n"
"already, if there are any (`whole`); as `find` tells hits. `known` says what was found before, by the numbers of chunks as they follow\n"
"each other: None where more of them are asked for, or (whether a name goes on with the second, how many of the chunks a name is of,\n"
"then of each name its pattern, its words, and how much of its chunks stands before and behind it). Where that does not say, the names\n"
"are left to `slowly(place, whole)`.");

static PyObject *
names(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 12 || !PyUnicode_Check(args[0]) || !PyTuple_Check(args[5]) || !PyList_Check(args[6]) || !PyDict_Check(args[7]) ||
        !PyAnySet_Check(args[8]) || !PyList_Check(args[9])) {
        PyErr_SetString(PyExc_TypeError, "see names.__doc__");
        return NULL;
    }
    const int whole = PyObject_IsTrue(args[10]);
    PyObject *answer = NULL;
    Py_buffer starts, ends, numbers, values;
    if (whole < 0 || take(args[1], &starts, sizeof(int64_t), 0) < 0)
        return NULL;
    if (take(args[2], &ends, sizeof(int64_t), 0) < 0)
        goto no_ends;
    if (take(args[3], &numbers, sizeof(uint64_t), 0) < 0)
        goto no_numbers;
    if (take(args[4], &values, sizeof(uint32_t), 0) < 0)
        goto no_values;
    const Py_ssize_t count = values.len / (Py_ssize_t)sizeof(uint32_t);
    Naming naming = {
        .search = {.text = args[0], .starts = starts.buf, .ends = ends.buf, .values = values.buf, .count = count, .words = args[6],
                   .doubtful = args[8], .odd = 1},
        .numbers = numbers.buf, .known = args[7], .slowly = args[11], .sentences = args[5],
    };
    if (starts.len != count * (Py_ssize_t)sizeof(int64_t) || ends.len != starts.len || numbers.len != starts.len)
        PyErr_SetString(PyExc_ValueError, "arrays of different lengths");
    else if (find_names(&naming, args[9], whole) == 0) {
        put_in_order(&naming.search, 0);
        answer = PyBytes_FromStringAndSize((const char *)naming.search.hits, naming.search.found * (Py_ssize_t)sizeof(Hit));
    }
    PyMem_Free(naming.begin);
    PyMem_Free(naming.search.hits);
    PyBuffer_Release(&values);
no_values:
    PyBuffer_Release(&numbers);
no_numbers:
    PyBuffer_Release(&ends);
no_ends:
    PyBuffer_Release(&starts);
    return answer;
}

PyDoc_STRVAR(merge_doc,
"merge(hits, more) -> bytes\n\n"
"What `find` returned and more hits of the same make, in order, each once.");

static PyObject *
merge(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_ssize_t some[2] = {0};
    for (int i = 0; i < 2; i++) {
        some[i] = nargs == 2 && PyBytes_CheckExact(args[i]) ? PyBytes_GET_SIZE(args[i]) : -1;
        if (some[i] < 0 || some[i] % (Py_ssize_t)sizeof(Hit)) {
            PyErr_SetString(PyExc_TypeError, "see merge.__doc__");
            return NULL;
        }
    }
    Search both = {0};
    both.hits = PyMem_Malloc((size_t)(some[0] + some[1]) + 1);
    if (both.hits == NULL)
        return PyErr_NoMemory();
    memcpy(both.hits, PyBytes_AS_STRING(args[0]), (size_t)some[0]);
    memcpy((char *)both.hits + some[0], PyBytes_AS_STRING(args[1]), (size_t)some[1]);
    both.found = (some[0] + some[1]) / (Py_ssize_t)sizeof(Hit);
    put_in_order(&both, 0);
    PyObject *answer = PyBytes_FromStringAndSize((const char *)both.hits, both.found * (Py_ssize_t)sizeof(Hit));
    PyMem_Free(both.hits);
    return answer;
}

/* ------------------------------------------------------------------------------------------------ grouping */

/* A hit as `type`, a subclass of tuple: as `tuple.__new__` would make it. */
static PyObject *
found_of(PyObject *type, const Hit *one)
{
    const int64_t numbers[] = {one->sentence, one->first, one->last, one->pattern, one->start, one->end};
    PyObject *made = ((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, 6);
    for (int i = 0; made != NULL && i < 6; i++) {
        PyObject *number = PyLong_FromLongLong(numbers[i]);
        if (number == NULL)
            Py_CLEAR(made);
        else
            PyTuple_SET_ITEM(made, i, number);
    }
    return made;
}

static int
is_tuple_type(PyObject *type)
{
    return PyType_Check(type) && PyType_IsSubtype((PyTypeObject *)type, &PyTuple_Type);
}

/* Take what `find` returned; -1 with an exception. Only as bytes, which nobody changes while they are gone through. */
static int
take_hits(PyObject *from, Py_buffer *view)
{
    if (PyBytes_CheckExact(from))
        return take(from, view, sizeof(Hit), 0);
    PyErr_SetString(PyExc_TypeError, "hits are the bytes that `find` returned");
    return -1;
}

/* Append to the list that a dictionary has under `key`, a new one where it has none; takes neither reference. */
static int
append_under(PyObject *lists, PyObject *key, PyObject *item)
{
    PyObject *list = PyDict_GetItemWithError(lists, key);
    if (list != NULL)
        return PyList_Append(list, item);
    if (PyErr_Occurred() || (list = PyList_New(0)) == NULL)
        return -1;
    const int failed = PyDict_SetItem(lists, key, list) < 0 ? -1 : PyList_Append(list, item);
    Py_DECREF(list);
    return failed;
}

PyDoc_STRVAR(found_doc,
"found(hits, found) -> dict\n\n"
"What `find` returned, by pattern, as lists of `found`, a subclass of tuple.");

static PyObject *
found(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 2 || !is_tuple_type(args[1])) {
        PyErr_SetString(PyExc_TypeError, "see found.__doc__");
        return NULL;
    }
    Py_buffer view;
    if (take_hits(args[0], &view) < 0)
        return NULL;
    const Hit *hits = view.buf;
    PyObject *out = PyDict_New();
    for (Py_ssize_t i = 0; out != NULL && i < view.len / (Py_ssize_t)sizeof(Hit); i++) {
        PyObject *one = found_of(args[1], &hits[i]);
        if (one == NULL || append_under(out, PyTuple_GET_ITEM(one, 3), one) < 0)
            Py_CLEAR(out);
        Py_XDECREF(one);
    }
    PyBuffer_Release(&view);
    return out;
}

/* The patterns of lists of names up to `end`, from where the one before ends: all are of one set of groups. */
typedef struct {
    int64_t end, set;
} Range;

/* Hits, and the groups that their patterns are of: see `by_group_doc`. */
typedef struct {
    Py_buffer hits_view, of_view, lists_view;
    const Hit *hits;
    Py_ssize_t count;
    const uint32_t *of;
    Py_ssize_t patterns;
    const Range *lists;
    Py_ssize_t ranges;
    PyObject *sets;
} Grouped;

/* Take hits and what says of which set of groups each pattern is. */
static int
take_grouped(PyObject *const *args, Grouped *grouped)
{
    PyObject *of = args[1], *lists = NULL;
    if (PyTuple_CheckExact(of) && PyTuple_GET_SIZE(of) == 2) {
        lists = PyTuple_GET_ITEM(of, 1);
        of = PyTuple_GET_ITEM(of, 0);
    }
    if (take_hits(args[0], &grouped->hits_view) < 0)
        return -1;
    if (take(of, &grouped->of_view, sizeof(uint32_t), 0) < 0)
        goto no_of;
    if (lists != NULL && take(lists, &grouped->lists_view, sizeof(Range), 0) < 0)
        goto no_lists;
    grouped->hits = grouped->hits_view.buf;
    grouped->count = grouped->hits_view.len / (Py_ssize_t)sizeof(Hit);
    grouped->of = grouped->of_view.buf;
    grouped->patterns = grouped->of_view.len / (Py_ssize_t)sizeof(uint32_t);
    grouped->lists = grouped->lists_view.buf;
    grouped->ranges = lists == NULL ? 0 : grouped->lists_view.len / (Py_ssize_t)sizeof(Range);
    for (Py_ssize_t i = 0; i < grouped->count && i < SOON; i++)
        if (grouped->hits[i].pattern >= 0 && grouped->hits[i].pattern < grouped->patterns)
            FETCH(&grouped->of[grouped->hits[i].pattern]);
    return 0;
no_lists:
    PyBuffer_Release(&grouped->of_view);
no_of:
    PyBuffer_Release(&grouped->hits_view);
    return -1;
}

static void
release_grouped(Grouped *grouped)
{
    if (grouped->lists_view.obj != NULL)
        PyBuffer_Release(&grouped->lists_view);
    PyBuffer_Release(&grouped->of_view);
    PyBuffer_Release(&grouped->hits_view);
}

/* The number of the set of groups that a hit is of; -1 with an exception. */
static Py_ssize_t
set_number(const Grouped *grouped, const Hit *one)
{
    if (one->pattern >= 0 && one->pattern < grouped->patterns)
        return (Py_ssize_t)grouped->of[one->pattern];
    for (Py_ssize_t i = 0; one->pattern >= LISTED && i < grouped->ranges; i++)
        if (one->pattern < grouped->lists[i].end && grouped->lists[i].set >= 0)
            return (Py_ssize_t)grouped->lists[i].set;
    PyErr_SetString(PyExc_ValueError, "a pattern that nobody knows");
    return -1;
}

/* The groups that a hit is of, a tuple; NULL with an exception. Borrowed: who has Python run meanwhile has to hold it. */
static PyObject *
groups_of(const Grouped *grouped, const Hit *one)
{
    const Py_ssize_t number = set_number(grouped, one);
    if (number < 0)
        return NULL;
    if (number >= PyList_GET_SIZE(grouped->sets) || !PyTuple_Check(PyList_GET_ITEM(grouped->sets, number))) {
        PyErr_SetString(PyExc_ValueError, "a set of groups that nobody knows");
        return NULL;
    }
    return PyList_GET_ITEM(grouped->sets, number);
}

/* Group `index` of a set of them; NULL with an exception where it is no number. Borrowed. That a number is hashed and compared runs nothing
 * of Python. */
static PyObject *
group_at(PyObject *groups, Py_ssize_t index)
{
    PyObject *group = PyTuple_GET_ITEM(groups, index);
    if (PyLong_CheckExact(group))
        return group;
    PyErr_SetString(PyExc_TypeError, "a group is a number");
    return NULL;
}

/* The end of the hits from `first` on that stand in one sentence. */
static Py_ssize_t
end_of_sentence(const Grouped *grouped, Py_ssize_t first)
{
    Py_ssize_t last = first + 1;
    while (last < grouped->count && grouped->hits[last].sentence == grouped->hits[first].sentence)
        last++;
    return last;
}

/* In how many sentences the hits stand. */
static Py_ssize_t
passages_in(const Grouped *grouped)
{
    Py_ssize_t passages = 0;
    for (Py_ssize_t first = 0; first < grouped->count; first = end_of_sentence(grouped, first))
        passages++;
    return passages;
}

/* What will be told of the first hits, asked of the memory all at once, while there is other work. */
static void
fetch_terms(const Grouped *grouped, PyObject *terms)
{
    PyObject *const *fetched[SOON];
    Py_ssize_t some = 0;
    for (Py_ssize_t i = 0; i < grouped->count && some < SOON; i++)
        if (grouped->hits[i].pattern >= 0 && grouped->hits[i].pattern < PyList_GET_SIZE(terms)) {
            fetched[some] = &PyList_GET_ITEM(terms, grouped->hits[i].pattern);
            FETCH(fetched[some++]);
        }
    for (Py_ssize_t i = 0; i < some; i++)
        FETCH(*fetched[i]);
}

PyDoc_STRVAR(by_group_doc,
"by_group(hits, of, sets, found) -> dict\n\n"
"What `find` returned, by group, as lists of `found` in text order. `of` (uint32) says of each pattern which of the `sets`, tuples of\n"
"groups, is its own; or is a pair of that and of what is said of lists of names: where each ends, and which set is its own (int64).");

static PyObject *
by_group(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Grouped grouped = {.sets = nargs == 4 ? args[2] : NULL};
    if (nargs != 4 || !PyList_Check(args[2]) || !is_tuple_type(args[3])) {
        PyErr_SetString(PyExc_TypeError, "see by_group.__doc__");
        return NULL;
    }
    if (take_grouped(args, &grouped) < 0)
        return NULL;
    PyObject *out = PyDict_New();
    for (Py_ssize_t i = 0; out != NULL && i < grouped.count; i++) {
        PyObject *groups = Py_XNewRef(groups_of(&grouped, &grouped.hits[i])); /* what is made may have garbage collected */
        PyObject *one = groups == NULL ? NULL : found_of(args[3], &grouped.hits[i]);
        for (Py_ssize_t at = 0; one != NULL && at < PyTuple_GET_SIZE(groups); at++) {
            PyObject *group = group_at(groups, at);
            if (group == NULL || append_under(out, group, one) < 0)
                Py_CLEAR(one);
        }
        Py_XDECREF(groups);
        if (one == NULL)
            Py_CLEAR(out);
        Py_XDECREF(one);
    }
    release_grouped(&grouped);
    return out;
}

/* ------------------------------------------------------------------------------------------------ opening */

/* Lists of numbers as `gates.packed` puts them together: how many they are, where each begins and the last one ends, then all of them. */
typedef struct {
    Py_buffer view;
    const uint32_t *numbers;
    Py_ssize_t length, count;
} Lists;

/* -1 with an exception, and nothing to release. */
static int
take_lists(PyObject *from, Lists *lists)
{
    if (take(from, &lists->view, sizeof(uint32_t), 0) < 0)
        return -1;
    lists->numbers = lists->view.buf;
    lists->length = lists->view.len / (Py_ssize_t)sizeof(uint32_t);
    lists->count = lists->length ? (Py_ssize_t)lists->numbers[0] : 0;
    if (lists->count + 2 <= lists->length)
        return 0;
    PyBuffer_Release(&lists->view);
    PyErr_SetString(PyExc_ValueError, "lists without their bounds");
    return -1;
}

/* Where a list begins and ends; -1 with an exception where there is none. */
static int
list_at(const Lists *lists, Py_ssize_t index, const uint32_t **from, const uint32_t **to)
{
    if (index < 0 || index >= lists->count) {
        PyErr_SetString(PyExc_ValueError, "a list that nobody knows");
        return -1;
    }
    const uint32_t first = lists->numbers[index + 1], last = lists->numbers[index + 2];
    if (first > last || (Py_ssize_t)last > lists->length) {
        PyErr_SetString(PyExc_ValueError, "a list out of bounds");
        return -1;
    }
    *from = lists->numbers + first;
    *to = lists->numbers + last;
    return 0;
}

/* What opens clauses, see `opened_doc`: the groups that are hit, as marks and one after the other, and the clauses that are open. */
typedef struct {
    Grouped grouped;
    Lists sets, article, sentence;
    uint8_t *hit, *open;
    uint32_t *groups;
    Py_ssize_t hits, clauses;
} Opening;

/* Mark the groups of the hits [first, last). */
static int
mark_groups(Opening *opening, Py_ssize_t first, Py_ssize_t last)
{
    Py_ssize_t before = -1;
    for (; first < last; first++) {
        const Py_ssize_t set = set_number(&opening->grouped, &opening->grouped.hits[first]);
        const uint32_t *group, *end;
        if (set >= 0 && set == before)
            continue;
        before = set;
        if (set < 0 || list_at(&opening->sets, set, &group, &end) < 0)
            return -1;
        for (; group < end; group++) {
            if ((Py_ssize_t)*group >= opening->article.count) {
                PyErr_SetString(PyExc_ValueError, "a group that nobody knows");
                return -1;
            }
            if (!opening->hit[*group]) {
                opening->hit[*group] = 1;
                opening->groups[opening->hits++] = *group;
            }
        }
    }
    return 0;
}

/* Whether any of the groups [group, end) is hit. */
static int
is_met(const Opening *opening, const uint32_t *group, const uint32_t *end)
{
    int met = 0;
    for (; group < end; group++)
        met |= (Py_ssize_t)*group < opening->article.count && opening->hit[*group];
    return met;
}

static int
no_clause(void)
{
    PyErr_SetString(PyExc_ValueError, "a clause that nobody knows");
    return -1;
}

/* Open the clauses that are looked for by one group: each is its number, how many needs it has besides, and of each need how many groups
 * it is, and these. */
static int
open_by(Opening *opening, const Lists *by, uint32_t group)
{
    const uint32_t *at, *end;
    if (list_at(by, group, &at, &end) < 0)
        return -1;
    while (at < end) {
        if (end - at < 2 || (Py_ssize_t)at[0] >= opening->clauses)
            return no_clause();
        const uint32_t clause = at[0], needs = at[1];
        int open = 1;
        at += 2;
        for (uint32_t i = 0; i < needs; i++) {
            if (at == end || (Py_ssize_t)*at >= end - at)
                return no_clause();
            open = open && is_met(opening, at + 1, at + 1 + *at);
            at += 1 + *at;
        }
        opening->open[clause] |= (uint8_t)open;
    }
    return 0;
}

/* Open what hits of the marked groups open, and mark none. */
static int
open_marked(Opening *opening, const Lists *by)
{
    int failed = 0;
    for (Py_ssize_t i = 0; i < opening->hits && !failed; i++)
        failed = open_by(opening, by, opening->groups[i]);
    for (Py_ssize_t i = 0; i < opening->hits; i++)
        opening->hit[opening->groups[i]] = 0;
    opening->hits = 0;
    return failed;
}

/* Open what all hits together open, and those of each sentence. */
static int
open_all(Opening *opening)
{
    const Grouped *grouped = &opening->grouped;
    if (mark_groups(opening, 0, grouped->count) < 0 || open_marked(opening, &opening->article) < 0)
        return -1;
    for (Py_ssize_t first = 0, last; first < grouped->count; first = last) {
        last = end_of_sentence(grouped, first);
        if (mark_groups(opening, first, last) < 0 || open_marked(opening, &opening->sentence) < 0)
            return -1;
    }
    return 0;
}

PyDoc_STRVAR(opened_doc,
"opened(hits, of, sets, article, sentence, clauses) -> list\n\n"
"The numbers of the clauses, of `clauses` there are, that what `find` returned opens, as `Gates.open` does. `of` is as for `by_group`, of\n"
"the lists `sets`. `article` and `sentence` have by group a list of the clauses that are looked for by it, in the whole text and in one\n"
"sentence: each its number, how many needs it has besides, and of each need how many groups it is, and these.");

static PyObject *
opened(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Opening opening = {.clauses = nargs == 6 ? PyLong_AsSsize_t(args[5]) : -1};
    if (opening.clauses < 0) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_TypeError, "see opened.__doc__");
        return NULL;
    }
    PyObject *out = NULL;
    if (take_grouped(args, &opening.grouped) < 0)
        return NULL;
    if (take_lists(args[2], &opening.sets) < 0)
        goto no_sets;
    if (take_lists(args[3], &opening.article) < 0)
        goto no_article;
    if (take_lists(args[4], &opening.sentence) < 0)
        goto no_sentence;
    opening.hit = PyMem_Calloc((size_t)opening.article.count + 1, 1);
    opening.open = PyMem_Calloc((size_t)opening.clauses + 1, 1);
    opening.groups = PyMem_Malloc(((size_t)opening.article.count + 1) * sizeof(uint32_t));
    if (opening.hit == NULL || opening.open == NULL || opening.groups == NULL)
        PyErr_NoMemory();
    else if (open_all(&opening) == 0)
        out = PyList_New(0);
    for (Py_ssize_t i = 0; out != NULL && i < opening.clauses; i++)
        if (opening.open[i] && append(out, i) < 0)
            Py_CLEAR(out);
    PyMem_Free(opening.groups);
    PyMem_Free(opening.open);
    PyMem_Free(opening.hit);
    PyBuffer_Release(&opening.sentence.view);
no_sentence:
    PyBuffer_Release(&opening.article.view);
no_article:
    PyBuffer_Release(&opening.sets.view);
no_sets:
    release_grouped(&opening.grouped);
    return out;
}

/* ------------------------------------------------------------------------------------------------ telling */

/* Item `index` of a tuple as a place in a text; -1 with an exception. */
static Py_ssize_t
place_at(PyObject *of, Py_ssize_t index)
{
    if (!PyTuple_Check(of) || PyTuple_GET_SIZE(of) <= index) {
        PyErr_SetString(PyExc_TypeError, "a tuple with more items was expected");
        return -1;
    }
    const Py_ssize_t place = PyLong_AsSsize_t(PyTuple_GET_ITEM(of, index));
    if (place < 0 && !PyErr_Occurred())
        PyErr_SetString(PyExc_ValueError, "a place before the text");
    return place < 0 ? -1 : place;
}

/* A tuple of the type `type`, of the references in `items`, which it takes whether or not it can be made. */
static PyObject *
tuple_of(PyObject *type, PyObject *const *items, Py_ssize_t count)
{
    PyObject *made = NULL;
    Py_ssize_t i = 0;
    while (i < count && items[i] != NULL)
        i++;
    if (i == count)
        made = ((PyTypeObject *)type)->tp_alloc((PyTypeObject *)type, count);
    for (i = 0; i < count; i++)
        if (made != NULL)
            PyTuple_SET_ITEM(made, i, items[i]);
        else
            Py_XDECREF(items[i]);
    return made;
}

/* One way in which a hit is told. The objects are its own. */
typedef struct {
    Hit hit;
    Py_ssize_t turn; /* its place, where all else is the same */
    PyObject *name, *term, *entity;
} Way;

/* The ways in which the hits of one sentence are told. */
typedef struct {
    Way *ways;
    Py_ssize_t count, room;
} Ways;

static void
free_ways(Ways *all)
{
    for (Py_ssize_t i = 0; i < all->count; i++) {
        Py_DECREF(all->ways[i].name);
        Py_DECREF(all->ways[i].term);
        Py_DECREF(all->ways[i].entity);
    }
    PyMem_Free(all->ways);
}

/* Add a way in which a hit is told, of borrowed objects; -1 with an exception. */
static int
add_way(Ways *all, const Hit *one, PyObject *name, PyObject *term, PyObject *entity)
{
    if (!PyUnicode_Check(name)) {
        PyErr_SetString(PyExc_TypeError, "a hit is told under a name");
        return -1;
    }
    if (all->count == all->room) {
        const Py_ssize_t room = all->room * 2 + 16;
        Way *ways = PyMem_Realloc(all->ways, room * sizeof(Way));
        if (ways == NULL) {
            PyErr_NoMemory();
            return -1;
        }
        all->ways = ways;
        all->room = room;
    }
    all->ways[all->count] = (Way){*one, all->count, Py_NewRef(name), Py_NewRef(term), Py_NewRef(entity)};
    all->count++;
    return 0;
}

/* Add all ways in which `told` has a hit told; -1 with an exception. */
static int
add_ways(Ways *all, const Hit *one, PyObject *told)
{
    PyObject *key = PyLong_FromLongLong(one->pattern);
    PyObject *rows = key == NULL ? NULL : PyObject_GetItem(told, key);
    Py_XDECREF(key);
    int failed = rows == NULL ? -1 : 0;
    if (!failed && !PyTuple_Check(rows)) {
        PyErr_SetString(PyExc_TypeError, "how hits are told is a tuple");
        failed = -1;
    }
    for (Py_ssize_t i = 0; !failed && i < PyTuple_GET_SIZE(rows); i++) {
        PyObject *row = PyTuple_GET_ITEM(rows, i);
        if (PyTuple_Check(row) && PyTuple_GET_SIZE(row) == 3)
            failed = add_way(all, one, PyTuple_GET_ITEM(row, 0), PyTuple_GET_ITEM(row, 1), PyTuple_GET_ITEM(row, 2));
        else {
            PyErr_SetString(PyExc_TypeError, "a hit is told by its name, its term, and an entity or None");
            failed = -1;
        }
    }
    Py_XDECREF(rows);
    return failed;
}

/* The order in which hits are taken: from the left, and of those that begin together the longest first. */
static int
longest_first(const void *one, const void *two)
{
    const Way *a = one, *b = two;
    if (a->hit.first != b->hit.first)
        return a->hit.first < b->hit.first ? -1 : 1;
    if (a->hit.last != b->hit.last)
        return a->hit.last > b->hit.last ? -1 : 1;
    if (a->hit.pattern != b->hit.pattern)
        return a->hit.pattern < b->hit.pattern ? -1 : 1;
    return (a->turn > b->turn) - (a->turn < b->turn);
}

/* The order in which hits are told: as they stand in the text, and then by name. */
static int
as_they_stand(const void *one, const void *two)
{
    const Way *a = one, *b = two;
    if (a->hit.start != b->hit.start)
        return a->hit.start < b->hit.start ? -1 : 1;
    if (a->hit.end != b->hit.end)
        return a->hit.end < b->hit.end ? -1 : 1;
    const int names = a->name == b->name ? 0 : PyUnicode_Compare(a->name, b->name);
    return names ? names : (a->turn > b->turn) - (a->turn < b->turn);
}

/* Put ways in an order, in which most are. */
static void
sort_ways(Ways *all, int (*order)(const void *, const void *))
{
    Py_ssize_t sorted = 1;
    for (Py_ssize_t i = 0; i < all->count; i++)
        all->ways[i].turn = i;
    while (sorted < all->count && order(&all->ways[sorted - 1], &all->ways[sorted]) < 0)
        sorted++;
    if (sorted < all->count)
        qsort(all->ways, (size_t)all->count, sizeof(Way), order);
}

/* Which of `count` hits is told under this name, or `count`. */
static int
told_as(const Way *const *last, int count, PyObject *name)
{
    for (int i = 0; i < count; i++)
        if (last[i]->name == name)
            return i;
    for (int i = 0; i < count; i++)
        if (PyUnicode_Compare(last[i]->name, name) == 0)
            return i;
    return count;
}

static inline int
at_one_place(const Way *one, const Way *two)
{
    return one->hit.first == two->hit.first && one->hit.last == two->hit.last;
}

/* Leave of hits that overlap and have one name the longest, as `evidence._apart` says; -1 where there are more names than it is done for
 * here, and all is as it was. */
static int
leave_longest(Ways *all)
{
    const Way *last[NAMES]; /* of each name the one that was taken last */
    int names = 0;
    Py_ssize_t kept = 0;
    for (Py_ssize_t i = 0; i < all->count; i++) {
        Way *one = &all->ways[i];
        const int name = told_as(last, names, one->name);
        if (name == NAMES)
            return -1;
        one->turn = 0;
        if (name < names && one->hit.first < last[name]->hit.last && (one->entity == Py_None || !at_one_place(one, last[name])))
            continue;
        one->turn = 1;
        last[name] = one;
        names += name == names;
    }
    for (Py_ssize_t i = 0; i < all->count; i++) {
        const Way one = all->ways[i];
        if (one.turn) {
            all->ways[i] = all->ways[kept];
            all->ways[kept++] = one;
        }
    }
    for (Py_ssize_t i = kept; i < all->count; i++) {
        Py_DECREF(all->ways[i].name);
        Py_DECREF(all->ways[i].term);
        Py_DECREF(all->ways[i].entity);
    }
    all->count = kept;
    return 0;
}

/* Hits of one sentence as they are told, a tuple of `type`; None where they have too many names, NULL with an exception. */
static PyObject *
told_apart(Ways *all, PyObject *type, PyObject *text)
{
    sort_ways(all, longest_first);
    if (leave_longest(all) < 0)
        return Py_NewRef(Py_None);
    sort_ways(all, as_they_stand);
    PyObject *out = PyTuple_New(all->count);
    for (Py_ssize_t i = 0; out != NULL && i < all->count; i++) {
        const Way *one = &all->ways[i];
        PyObject *const items[] = {
            Py_NewRef(one->name), Py_NewRef(one->term), PyLong_FromLongLong(one->hit.start), PyLong_FromLongLong(one->hit.end),
            PyUnicode_Substring(text, one->hit.start, one->hit.end), Py_NewRef(one->entity),
        };
        PyObject *made = tuple_of(type, items, 6);
        if (made == NULL)
            Py_CLEAR(out);
        else
            PyTuple_SET_ITEM(out, i, made);
    }
    return out;
}

/* What evidence is made of, see `tell_doc`. */
typedef struct {
    PyObject *text, *sentences, *told, *stances, *stance, *clauses, *clause, *evidence, *hit, *apart;
} Telling;

/* One hit as it is told, or None where it is told in several ways; NULL with an exception. */
static PyObject *
told_once(const Telling *telling, PyObject *found)
{
    const Py_ssize_t start = place_at(found, 4), end = start < 0 ? -1 : place_at(found, 5);
    if (end < 0)
        return NULL;
    PyObject *rows = PyObject_GetItem(telling->told, PyTuple_GET_ITEM(found, 3));
    if (rows == NULL)
        return NULL;
    PyObject *row = PyTuple_Check(rows) && PyTuple_GET_SIZE(rows) == 1 ? PyTuple_GET_ITEM(rows, 0) : NULL;
    PyObject *made = Py_None;
    if (row == NULL || !PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 3)
        Py_INCREF(made);
    else {
        PyObject *const items[] = {
            Py_NewRef(PyTuple_GET_ITEM(row, 0)), Py_NewRef(PyTuple_GET_ITEM(row, 1)), Py_NewRef(PyTuple_GET_ITEM(found, 4)),
            Py_NewRef(PyTuple_GET_ITEM(found, 5)), PyUnicode_Substring(telling->text, start, end), Py_NewRef(PyTuple_GET_ITEM(row, 2)),
        };
        made = tuple_of(telling->hit, items, 6);
    }
    Py_DECREF(rows);
    return made;
}

/* Those of the hits [i, last) as a tuple, or None where they overlap or one is told in several ways; NULL with an exception. */
static PyObject *
told_plainly(const Telling *telling, PyObject *hits, Py_ssize_t i, Py_ssize_t last)
{
    PyObject *out = PyTuple_New(last - i);
    Py_ssize_t covered = 0;
    for (Py_ssize_t at = 0; out != NULL && i < last; at++, i++) {
        PyObject *one = PyTuple_GET_ITEM(hits, i);
        const Py_ssize_t first = place_at(one, 1), end = first < 0 ? -1 : place_at(one, 2);
        PyObject *made = end < 0 ? NULL : first < covered ? Py_NewRef(Py_None) : told_once(telling, one);
        if (made == NULL || made == Py_None) {
            Py_DECREF(out);
            return made;
        }
        PyTuple_SET_ITEM(out, at, made);
        covered = end;
    }
    return out;
}

/* Those of the hits [i, last) that are told, as `told_apart`. */
static PyObject *
told_of_found(const Telling *telling, PyObject *hits, Py_ssize_t i, Py_ssize_t last)
{
    Ways all = {0};
    int failed = 0;
    for (; i < last && !failed; i++) {
        PyObject *one = PyTuple_GET_ITEM(hits, i);
        Hit hit = {.first = place_at(one, 1)};
        hit.last = hit.first < 0 ? -1 : place_at(one, 2);
        hit.start = hit.last < 0 ? -1 : place_at(one, 4);
        hit.end = hit.start < 0 ? -1 : place_at(one, 5);
        failed = hit.end < 0 || number_at(one, 3, &hit.pattern) < 0 || add_ways(&all, &hit, telling->told) < 0;
    }
    PyObject *told = failed ? NULL : told_apart(&all, telling->hit, telling->text);
    free_ways(&all);
    return told;
}

/* What a dictionary says of a sentence, or else `other`; NULL with an exception. */
static PyObject *
said_of(PyObject *some, PyObject *number, PyObject *other)
{
    PyObject *said = PyDict_GET_SIZE(some) ? PyDict_GetItemWithError(some, number) : NULL;
    return said == NULL && PyErr_Occurred() ? NULL : Py_NewRef(said == NULL ? other : said);
}

/* The evidence of the sentence that the hits [first, last) stand in; NULL with an exception. */
static PyObject *
tell_sentence(const Telling *telling, PyObject *hits, Py_ssize_t first, Py_ssize_t last)
{
    PyObject *number = PyTuple_GET_ITEM(PyTuple_GET_ITEM(hits, first), 0);
    const Py_ssize_t index = PyLong_AsSsize_t(number);
    if (index < 0 || index >= PyTuple_GET_SIZE(telling->sentences)) {
        PyErr_SetString(PyExc_ValueError, "a sentence that the text does not have");
        return NULL;
    }
    PyObject *sentence = PyTuple_GET_ITEM(telling->sentences, index);
    const Py_ssize_t start = place_at(sentence, 0), end = start < 0 ? -1 : place_at(sentence, 1);
    if (end < 0)
        return NULL;
    if (PyTuple_GET_SIZE(sentence) < 3) {
        PyErr_SetString(PyExc_TypeError, "a sentence is a tuple of its bounds and its zone");
        return NULL;
    }
    PyObject *told = told_plainly(telling, hits, first, last);
    if (told == Py_None)
        Py_SETREF(told, told_of_found(telling, hits, first, last));
    if (told == Py_None) {
        Py_DECREF(told);
        PyObject *found = PyTuple_GetSlice(hits, first, last);
        told = found == NULL ? NULL : PyObject_CallOneArg(telling->apart, found);
        Py_XDECREF(found);
    }
    if (told == NULL)
        return NULL;
    PyObject *const items[] = {
        Py_NewRef(PyTuple_GET_ITEM(sentence, 0)), Py_NewRef(PyTuple_GET_ITEM(sentence, 1)), PyUnicode_Substring(telling->text, start, end),
        Py_NewRef(PyTuple_GET_ITEM(sentence, 2)), said_of(telling->stances, number, telling->stance),
        said_of(telling->clauses, number, telling->clause), told,
    };
    return tuple_of(telling->evidence, items, 7);
}

/* The end of the hits from `first` on that stand in one sentence, which is none before `least`; -1 with an exception. */
static Py_ssize_t
end_of_passage(PyObject *hits, Py_ssize_t first, Py_ssize_t least)
{
    Py_ssize_t last = first, sentence = -1;
    for (; last < PyTuple_GET_SIZE(hits); last++) {
        const Py_ssize_t here = place_at(PyTuple_GET_ITEM(hits, last), 0);
        if (here < 0)
            return -1;
        if (last > first && here != sentence)
            break;
        sentence = here;
    }
    if (sentence >= least)
        return last;
    PyErr_SetString(PyExc_ValueError, "hits that are not sorted");
    return -1;
}

PyDoc_STRVAR(tell_doc,
"tell(text, sentences, hits, told, stances, stance, clauses, clause, evidence, hit, apart) -> tuple of evidence\n\n"
"The evidence of the sentences that `hits` stand in (a list of them as `find` makes them, sorted, each once), as\n"
"`evidence.evidence_of` describes it. `told` says how hits of a pattern are told; `stances` and `clauses` are those of some sentences,\n"
"`stance` and `clause` those of the others. Hits that overlap under more names than a few are left to `apart` of these hits. `evidence` and\n"
"`hit` are subclasses of tuple.");

static PyObject *
tell(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 11 || !PyUnicode_Check(args[0]) || !PyTuple_Check(args[1]) || !PyList_Check(args[2]) || !PyDict_Check(args[4]) ||
        !PyDict_Check(args[6]) || !PyType_Check(args[8]) || !PyType_IsSubtype((PyTypeObject *)args[8], &PyTuple_Type) ||
        !PyType_Check(args[9]) || !PyType_IsSubtype((PyTypeObject *)args[9], &PyTuple_Type)) {
        PyErr_SetString(PyExc_TypeError, "see tell.__doc__");
        return NULL;
    }
    const Telling telling = {
        .text = args[0], .sentences = args[1], .told = args[3], .stances = args[4], .stance = args[5], .clauses = args[6],
        .clause = args[7], .evidence = args[8], .hit = args[9], .apart = args[10],
    };
    /* A tuple of them, which nobody changes meanwhile. */
    PyObject *hits = PyList_AsTuple(args[2]), *out = hits == NULL ? NULL : PyList_New(0);
    Py_ssize_t least = 0;
    for (Py_ssize_t first = 0, last; out != NULL && first < PyTuple_GET_SIZE(hits); first = last) {
        last = end_of_passage(hits, first, least);
        PyObject *made = last < 0 ? NULL : tell_sentence(&telling, hits, first, last);
        if (made == NULL || PyList_Append(out, made) < 0)
            Py_CLEAR(out);
        else
            least = PyLong_AsSsize_t(PyTuple_GET_ITEM(PyTuple_GET_ITEM(hits, first), 0)) + 1;
        Py_XDECREF(made);
    }
    PyObject *all = out == NULL ? NULL : PyList_AsTuple(out);
    Py_XDECREF(out);
    Py_XDECREF(hits);
    return all;
}

/* ------------------------------------------------------------------------------------------------ telling at once */

/* What the evidence of groups is made of, see `tell_groups_doc`: what is the same for all texts, what is of this text, and how one
 * watchlist tells it. */
typedef struct {
    PyObject *stance, *evidence, *hit, *found, *apart, *match, *members;
    Grouped grouped;
    PyObject *text, *sentences, *terms;
    PyObject *rows, *clauses, *told;
    /* The row that was asked for last, and of which set of groups it is: mostly the next one is the same. */
    PyObject *row;
    Py_ssize_t set;
    long long bits;
    /* And the clauses that were named last, as bits and as written. */
    PyObject *written;
    long long fired;
} Groups;

/* Have the row of a hit ready: -1 with an exception, 0 where the hit is no evidence, else 1. */
static int
turn_to(Groups *groups, const Hit *one)
{
    const Py_ssize_t set = set_number(&groups->grouped, one);
    if (set < 0)
        return -1;
    if (groups->row == NULL || groups->set != set) {
        PyObject *key = PyLong_FromSsize_t(set);
        PyObject *row = key == NULL ? NULL : PyObject_GetItem(groups->rows, key);
        Py_XDECREF(key);
        Py_XSETREF(groups->row, row);
        groups->set = set;
        if (row == NULL)
            return -1;
        if (!PyTuple_Check(row) || PyTuple_GET_SIZE(row) != 2) {
            PyErr_SetString(PyExc_TypeError, "a row is the bits of the clauses, and a name or None");
            return -1;
        }
        groups->bits = PyLong_AsLongLong(PyTuple_GET_ITEM(row, 0));
        if (groups->bits < 0) {
            if (!PyErr_Occurred())
                PyErr_SetString(PyExc_ValueError, "more clauses than there are bits");
            return -1;
        }
    }
    return groups->bits != 0;
}

/* The term of a hit, or None where it is not that simple; NULL with an exception. Borrowed. */
static PyObject *
term_of(const Groups *groups, const Hit *one)
{
    if (one->pattern >= 0 && one->pattern < PyList_GET_SIZE(groups->terms))
        return PyList_GET_ITEM(groups->terms, one->pattern);
    if (one->pattern >= LISTED)
        return Py_None; /* there is an entity to be told, too */
    PyErr_SetString(PyExc_ValueError, "a pattern without a term");
    return NULL;
}

/* One hit as it is told; NULL with an exception. Its row is ready. */
static PyObject *
told_at_once(const Groups *groups, const Hit *one)
{
    PyObject *term = term_of(groups, one);
    if (term == NULL)
        return NULL;
    PyObject *const items[] = {
        Py_NewRef(PyTuple_GET_ITEM(groups->row, 1)), Py_NewRef(term), PyLong_FromLongLong(one->start), PyLong_FromLongLong(one->end),
        PyUnicode_Substring(groups->text, one->start, one->end), Py_NewRef(Py_None),
    };
    return tuple_of(groups->hit, items, 6);
}

/* What is to be known of the hits of one sentence before they are told. */
typedef struct {
    long long bits;   /* of the clauses that fired in it */
    Py_ssize_t count; /* of the hits that are evidence */
    int simple;       /* whether they lie apart, and each is told in one way */
} Survey;

static int
survey(Groups *groups, Py_ssize_t first, Py_ssize_t last, Survey *out)
{
    const Hit *hits = groups->grouped.hits;
    int64_t covered = 0;
    *out = (Survey){.simple = 1};
    for (; first < last; first++) {
        const int told = turn_to(groups, &hits[first]);
        if (told < 0)
            return -1;
        if (!told)
            continue;
        PyObject *term = term_of(groups, &hits[first]);
        if (term == NULL)
            return -1;
        out->bits |= groups->bits;
        out->count++;
        out->simple &= hits[first].first >= covered && term != Py_None && PyTuple_GET_ITEM(groups->row, 1) != Py_None;
        covered = hits[first].last;
    }
    return 0;
}

/* The hits [first, last) of one sentence that are evidence: as they are told, or as they were found, where not `told`. */
static PyObject *
hits_of(Groups *groups, Py_ssize_t first, Py_ssize_t last, Py_ssize_t count, int told)
{
    const Hit *hits = groups->grouped.hits;
    PyObject *out = PyTuple_New(count);
    Py_ssize_t at = 0;
    for (; out != NULL && first < last && at < count; first++) {
        const int evident = turn_to(groups, &hits[first]);
        if (!evident)
            continue;
        PyObject *made = evident < 0 ? NULL : told ? told_at_once(groups, &hits[first]) : found_of(groups->found, &hits[first]);
        if (made == NULL)
            Py_CLEAR(out);
        else
            PyTuple_SET_ITEM(out, at++, made);
    }
    if (out != NULL && at < count) { /* then rows changed between the two looks at them */
        PyErr_SetString(PyExc_RuntimeError, "rows that change");
        Py_CLEAR(out);
    }
    return out;
}

/* Those of the hits [first, last) of one sentence that are evidence, as `told_apart`. */
static PyObject *
hits_apart(Groups *groups, Py_ssize_t first, Py_ssize_t last)
{
    const Hit *hits = groups->grouped.hits;
    Ways all = {0};
    int failed = 0;
    for (; first < last && !failed; first++) {
        const int evident = turn_to(groups, &hits[first]);
        if (!evident)
            continue;
        PyObject *term = evident < 0 ? NULL : term_of(groups, &hits[first]);
        if (term == NULL)
            failed = -1;
        else if (term == Py_None || PyTuple_GET_ITEM(groups->row, 1) == Py_None)
            failed = add_ways(&all, &hits[first], groups->told);
        else
            failed = add_way(&all, &hits[first], PyTuple_GET_ITEM(groups->row, 1), term, Py_None);
    }
    PyObject *told = failed ? NULL : told_apart(&all, groups->hit, groups->text);
    free_ways(&all);
    return told;
}

/* Have the clauses that fired in a sentence ready as they are written; -1 with an exception. */
static int
name_clauses(Groups *groups, long long fired)
{
    if (groups->written != NULL && groups->fired == fired)
        return 0;
    PyObject *bits = PyLong_FromLongLong(fired);
    PyObject *written = bits == NULL ? NULL : PyObject_GetItem(groups->clauses, bits);
    Py_XDECREF(bits);
    Py_XSETREF(groups->written, written);
    groups->fired = fired;
    return written == NULL ? -1 : 0;
}

/* The evidence of one sentence, or None where it has none; NULL with an exception. */
static PyObject *
evidence_in(Groups *groups, Py_ssize_t first, Py_ssize_t last)
{
    Survey found;
    if (survey(groups, first, last, &found) < 0)
        return NULL;
    if (!found.count)
        return Py_NewRef(Py_None);
    const int64_t number = groups->grouped.hits[first].sentence;
    if (number < 0 || number >= PyTuple_GET_SIZE(groups->sentences)) {
        PyErr_SetString(PyExc_ValueError, "a sentence that the text does not have");
        return NULL;
    }
    PyObject *sentence = PyTuple_GET_ITEM(groups->sentences, number);
    const Py_ssize_t start = place_at(sentence, 0), end = start < 0 ? -1 : place_at(sentence, 1);
    if (end < 0)
        return NULL;
    if (PyTuple_GET_SIZE(sentence) < 3) {
        PyErr_SetString(PyExc_TypeError, "a sentence is a tuple of its bounds and its zone");
        return NULL;
    }
    if (name_clauses(groups, found.bits) < 0)
        return NULL;
    PyObject *told = found.simple ? hits_of(groups, first, last, found.count, 1) : hits_apart(groups, first, last);
    if (told == Py_None) {
        Py_SETREF(told, hits_of(groups, first, last, found.count, 0));
        if (told != NULL)
            Py_SETREF(told, PyObject_CallFunctionObjArgs(groups->apart, groups->text, told, groups->told, NULL));
    }
    if (told == NULL)
        return NULL;
    PyObject *const items[] = {
        Py_NewRef(PyTuple_GET_ITEM(sentence, 0)), Py_NewRef(PyTuple_GET_ITEM(sentence, 1)), PyUnicode_Substring(groups->text, start, end),
        Py_NewRef(PyTuple_GET_ITEM(sentence, 2)), Py_NewRef(groups->stance), Py_NewRef(groups->written), told,
    };
    return tuple_of(groups->evidence, items, 7);
}

/* The evidence of all sentences that have any, a tuple; NULL with an exception. */
static PyObject *
all_evidence(Groups *groups)
{
    PyObject *out = PyTuple_New(passages_in(&groups->grouped));
    Py_ssize_t told = 0;
    for (Py_ssize_t first = 0, last; out != NULL && first < groups->grouped.count; first = last) {
        last = end_of_sentence(&groups->grouped, first);
        PyObject *made = evidence_in(groups, first, last);
        if (made == NULL)
            Py_CLEAR(out);
        else if (made == Py_None)
            Py_DECREF(made);
        else if (told < PyTuple_GET_SIZE(out))
            PyTuple_SET_ITEM(out, told++, made);
        else { /* then hits changed since their sentences were counted */
            PyErr_SetString(PyExc_RuntimeError, "hits that change");
            Py_DECREF(made);
            Py_CLEAR(out);
        }
    }
    if (out != NULL && told < PyTuple_GET_SIZE(out))
        _PyTuple_Resize(&out, told);
    return out;
}

/* An attribute of an object as its slot sets it, which a frozen type does not hinder; -1 with an exception. */
static int
set_member(PyObject *of, PyObject *member, PyObject *value)
{
    const descrsetfunc set = Py_TYPE(member)->tp_descr_set;
    if (set != NULL)
        return set(member, of, value);
    PyErr_SetString(PyExc_TypeError, "a slot of the type was expected");
    return -1;
}

/* A match: what is the same for all of its watchlist, and the evidence; NULL with an exception. */
static PyObject *
match_of(const Groups *groups, PyObject *same, PyObject *evidence)
{
    PyTypeObject *type = (PyTypeObject *)groups->match;
    const Py_ssize_t some = PyTuple_GET_SIZE(groups->members) - 1;
    if (!PyTuple_Check(same) || PyTuple_GET_SIZE(same) != some) {
        PyErr_SetString(PyExc_TypeError, "of a match everything but its evidence was expected");
        return NULL;
    }
    PyObject *made = type->tp_alloc(type, 0);
    for (Py_ssize_t i = 0; made != NULL && i <= some; i++)
        if (set_member(made, PyTuple_GET_ITEM(groups->members, i), i < some ? PyTuple_GET_ITEM(same, i) : evidence) < 0)
            Py_CLEAR(made);
    return made;
}

/* The match of the watchlist `number` of `lists`; NULL with an exception. */
static PyObject *
match_of_list(Groups *groups, PyObject *lists, PyObject *number)
{
    const Py_ssize_t index = PyLong_AsSsize_t(number);
    PyObject *list = index < 0 || index >= PyList_GET_SIZE(lists) ? NULL : PyList_GET_ITEM(lists, index);
    if (list == NULL || !PyTuple_Check(list) || PyTuple_GET_SIZE(list) != 4) {
        if (!PyErr_Occurred())
            PyErr_SetString(PyExc_ValueError, "a watchlist that nobody knows");
        return NULL;
    }
    Py_INCREF(list);
    groups->rows = PyTuple_GET_ITEM(list, 0);
    groups->clauses = PyTuple_GET_ITEM(list, 1);
    groups->told = PyTuple_GET_ITEM(list, 2);
    PyObject *evidence = all_evidence(groups);
    PyObject *made = evidence == NULL ? NULL : match_of(groups, PyTuple_GET_ITEM(list, 3), evidence);
    Py_XDECREF(evidence);
    Py_CLEAR(groups->written);
    Py_CLEAR(groups->row);
    Py_DECREF(list);
    return made;
}

/* Add the numbers of a tuple to those that `all` has, a tuple or a set of them or NULL; -1 with an exception. */
static int
add_numbers(PyObject **all, PyObject *row)
{
    if (!PyTuple_Check(row)) {
        PyErr_SetString(PyExc_TypeError, "watchlists are a tuple of their numbers");
        return -1;
    }
    if (*all == NULL || (PyTuple_Check(*all) && !PyTuple_GET_SIZE(*all))) {
        Py_XSETREF(*all, Py_NewRef(row));
        return 0;
    }
    if (*all == row)
        return 0;
    if (PyTuple_Check(*all)) {
        PyObject *set = PySet_New(*all);
        if (set == NULL)
            return -1;
        Py_SETREF(*all, set);
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(row); i++)
        if (PySet_Add(*all, PyTuple_GET_ITEM(row, i)) < 0)
            return -1;
    return 0;
}

/* The watchlists that hits make true, a tuple of their numbers in order, or None where there is more to say; NULL with an exception. */
static PyObject *
true_by(const Grouped *grouped, PyObject *by_set)
{
    PyObject *all = NULL;
    Py_ssize_t before = -1;
    for (Py_ssize_t i = 0; i < grouped->count; i++) {
        const Py_ssize_t set = set_number(grouped, &grouped->hits[i]);
        if (set >= 0 && set == before) /* as the hits of one group are, all alike */
            continue;
        before = set;
        PyObject *key = set < 0 ? NULL : PyLong_FromSsize_t(set);
        PyObject *row = key == NULL ? NULL : PyObject_GetItem(by_set, key);
        Py_XDECREF(key);
        const int more = row == Py_None;
        const int failed = row == NULL ? -1 : more ? 0 : add_numbers(&all, row);
        Py_XDECREF(row);
        if (failed || more) {
            Py_XDECREF(all);
            return failed ? NULL : Py_NewRef(Py_None);
        }
    }
    if (all == NULL)
        return PyTuple_New(0);
    if (PyTuple_Check(all))
        return all;
    PyObject *sorted = PySequence_List(all);
    Py_DECREF(all);
    all = sorted == NULL || PyList_Sort(sorted) < 0 ? NULL : PyList_AsTuple(sorted);
    Py_XDECREF(sorted);
    return all;
}

/* The matches of some watchlists, a tuple; NULL with an exception. */
static PyObject *
all_matches(Groups *groups, PyObject *lists, PyObject *numbers)
{
    PyObject *out = PyTuple_New(PyTuple_GET_SIZE(numbers));
    for (Py_ssize_t i = 0; out != NULL && i < PyTuple_GET_SIZE(numbers); i++) {
        PyObject *made = match_of_list(groups, lists, PyTuple_GET_ITEM(numbers, i));
        if (made == NULL)
            Py_CLEAR(out);
        else
            PyTuple_SET_ITEM(out, i, made);
    }
    return out;
}

/* Take what is the same for all texts; -1 with an exception. */
static int
take_types(PyObject *kit, PyObject *match, Groups *groups)
{
    if (PyTuple_GET_SIZE(kit) != 5 || PyTuple_GET_SIZE(match) != 2)
        return -1;
    groups->stance = PyTuple_GET_ITEM(kit, 0);
    groups->evidence = PyTuple_GET_ITEM(kit, 1);
    groups->hit = PyTuple_GET_ITEM(kit, 2);
    groups->found = PyTuple_GET_ITEM(kit, 3);
    groups->apart = PyTuple_GET_ITEM(kit, 4);
    groups->match = PyTuple_GET_ITEM(match, 0);
    groups->members = PyTuple_GET_ITEM(match, 1);
    if (!is_tuple_type(groups->evidence) || !is_tuple_type(groups->hit) || !is_tuple_type(groups->found))
        return -1;
    if (!PyType_Check(groups->match) || ((PyTypeObject *)groups->match)->tp_new != PyBaseObject_Type.tp_new)
        return -1;
    return PyTuple_Check(groups->members) && PyTuple_GET_SIZE(groups->members) ? 0 : -1;
}

PyDoc_STRVAR(tell_groups_doc,
"tell_groups(hits, of, true_by, lists, text, sentences, terms, kit, match) -> tuple of matches, or None\n\n"
"The matches of watchlists of whose clauses those that are true are one group each, and of whose hits nothing speaks: the evidence is\n"
"every sentence with a hit of one, as `evidence.evidence_of` tells it. `hits` are what `find` returned, and `of` (uint32) says of each\n"
"pattern which set of groups it is of. `true_by` are the numbers of the watchlists, a tuple; or says by set which ones a hit makes true,\n"
"None where it may do more, and then that is the answer. Of `lists` each is a tuple: (`rows`, `clauses`, `told`, `same`). `rows` says of\n"
"each set the clauses that fire by it, a bit each, and the one name under which its hits are told, None where there are several;\n"
"`clauses` how the bits are written. `terms` has the term of each pattern, None where more is to be told. Of others\n"
"`told` says how they are told; those that overlap under more names than a few are left to `apart` of the text, a tuple of them as\n"
"`found`, and `told`. `kit` is the ordinary stance, the types\n"
"`evidence`, `hit` and `found`, subclasses of tuple, and `apart`; `match` is the type of matches, and the slots of its attributes: to\n"
"all but the last goes what is the `same` for a watchlist, to the last the evidence.");

static PyObject *
tell_groups(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Groups groups = {0};
    if (nargs != 9 || !PyList_Check(args[3]) || !PyUnicode_Check(args[4]) || !PyTuple_Check(args[5]) || !PyList_Check(args[6]) ||
        !PyTuple_Check(args[7]) || !PyTuple_Check(args[8]) || take_types(args[7], args[8], &groups) < 0) {
        PyErr_SetString(PyExc_TypeError, "see tell_groups.__doc__");
        return NULL;
    }
    groups.text = args[4];
    groups.sentences = args[5];
    groups.terms = args[6];
    if (take_grouped(args, &groups.grouped) < 0)
        return NULL;
    fetch_terms(&groups.grouped, groups.terms);
    PyObject *numbers = PyTuple_Check(args[2]) ? Py_NewRef(args[2]) : true_by(&groups.grouped, args[2]);
    PyObject *out = numbers == NULL || numbers == Py_None ? Py_XNewRef(numbers) : all_matches(&groups, args[3], numbers);
    Py_XDECREF(numbers);
    release_grouped(&groups.grouped);
    return out;
}

/* ------------------------------------------------------------------------------------------------ the module */

static PyMethodDef methods[] = {
    {"read", (PyCFunction)(void (*)(void))read_text, METH_FASTCALL, read_doc},
    {"put", (PyCFunction)(void (*)(void))put, METH_FASTCALL, put_doc},
    {"add_stems", (PyCFunction)(void (*)(void))add_stems, METH_FASTCALL, add_stems_doc},
    {"move_stems", (PyCFunction)(void (*)(void))move_stems, METH_FASTCALL, move_stems_doc},
    {"stem", (PyCFunction)(void (*)(void))stem, METH_FASTCALL, stem_doc},
    {"pass_over", (PyCFunction)(void (*)(void))pass_over, METH_FASTCALL, pass_over_doc},
    {"places", (PyCFunction)(void (*)(void))places, METH_FASTCALL, places_doc},
    {"settle", (PyCFunction)(void (*)(void))settle, METH_FASTCALL, settle_doc},
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL, find_doc},
    {"names", (PyCFunction)(void (*)(void))names, METH_FASTCALL, names_doc},
    {"merge", (PyCFunction)(void (*)(void))merge, METH_FASTCALL, merge_doc},
    {"found", (PyCFunction)(void (*)(void))found, METH_FASTCALL, found_doc},
    {"by_group", (PyCFunction)(void (*)(void))by_group, METH_FASTCALL, by_group_doc},
    {"opened", (PyCFunction)(void (*)(void))opened, METH_FASTCALL, opened_doc},
    {"tell", (PyCFunction)(void (*)(void))tell, METH_FASTCALL, tell_doc},
    {"tell_groups", (PyCFunction)(void (*)(void))tell_groups, METH_FASTCALL, tell_groups_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "monitor.match._native", .m_doc = "The inner loop of matching.", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
