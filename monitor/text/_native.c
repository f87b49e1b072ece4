/* Plain words in C: folded by a table, held against a sieve of stems, and numbered for fingerprints.
 *
 * What is done here for the words that almost all words are (letters of one case table, digits, the quotes and commas around them)
 * Python does for all: whatever is not plain is left to it, and what the sieve lets pass too. Nothing here knows a language: letters,
 * stems and what may be attached to them are in tables that Python fills (`letters`, `sieve`, `fingerprint_codes`). Text comes from
 * anyone: a word is copied only up to its bound, and every index is cut to the size of its table.
 */
#include "../chunks.h"

#include <stdlib.h>
#include <string.h>

/* Code points of the longest chunk that is looked at, as in `chunks`. */
#define LONGEST 40
/* What is known of a character, above the 16 bits of what it folds to, as in `letters`. */
#define LETTER 0x10000
#define DIGIT 0x20000
#define EDGE 0x40000
#define GONE 0x80000
#define VOWEL 0x100000
#define VOWELLED 0x200000
#define ANYWHERE 0x400000
#define BEHIND 0x800000
#define LAST 0x1000000
#define IN_FRONT 0x2000000
#define IN_BACK 0x4000000
#define DECLINED 0x8000000
/* No ending of a name is longer. */
#define LONGEST_ENDING 5
/* Nor what may be missing before one. */
#define MOST_HIDDEN 4
/* What a piece of a word may be, as in `sieve`; in an entry of a sieve below the bits that tell pieces apart. */
#define STEM 1
#define STEM_AFTER 2
#define STEM_AHEAD 4
#define FRONT 8
#define BACK 16
#define BEGINNING 32
#define OPENING 64
#define PIECE 0xff

static int
tables_differ(void)
{
    PyErr_SetString(PyExc_ValueError, "tables of another size");
    return -1;
}

/* ------------------------------------------------------------------------------------------------- folding */

typedef struct {
    Py_ssize_t start; /* behind the quotes and commas before it */
    int size, digits, whole; /* whether there are none around it */
    uint16_t folded[LONGEST];
} Word;

/* Fold the chunk [start, end) if it is one plain word with nothing but quotes and commas around it; 0 where it is not. */
static int
plain_word(PyObject *text, Py_ssize_t start, Py_ssize_t end, const uint32_t *letters, Word *word)
{
    const int kind = PyUnicode_KIND(text);
    const void *data = PyUnicode_DATA(text);
    uint32_t known[LONGEST];
    if (start < 0 || end > PyUnicode_GET_LENGTH(text) || end <= start || end - start > LONGEST)
        return 0;
    const int length = (int)(end - start);
    for (int at = 0; at < length; at++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, start + at);
        if (c >= UNITS)
            return 0;
        known[at] = letters[c];
    }
    int at = 0;
    while (at < length && known[at] & EDGE)
        at++;
    if (at == length || !(known[at] & (LETTER | DIGIT)))
        return 0;
    const uint32_t wanted = known[at] & (LETTER | DIGIT);
    int vowelled = 0;
    word->start = start + at;
    word->digits = wanted == DIGIT;
    word->size = 0;
    for (; at < length; at++) {
        const uint32_t here = known[at];
        if (here & wanted) {
            vowelled = (here & VOWELLED) != 0;
            if (!(here & GONE))
                word->folded[word->size++] = (uint16_t)here;
        }
        else if ((here & (LETTER | GONE)) != GONE && !(here & VOWEL && vowelled))
            break;
    }
    word->whole = word->start == start && at == length;
    while (at < length && known[at] & EDGE)
        at++;
    return at == length && word->size > 0;
}

PyDoc_STRVAR(fold_doc, "fold(word, letters) -> str | None\n\nA plain word folded; None for any other.");

static PyObject *
fold(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer letters;
    Word word;
    if (nargs != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "fold(word, letters)");
        return NULL;
    }
    if (take(args[1], &letters, sizeof(uint32_t), 0) < 0)
        return NULL;
    PyObject *answer = NULL;
    if (letters.len != UNITS * (Py_ssize_t)sizeof(uint32_t))
        tables_differ();
    else if (!plain_word(args[0], 0, PyUnicode_GET_LENGTH(args[0]), letters.buf, &word) || !word.whole)
        answer = Py_NewRef(Py_None);
    else
        answer = PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, word.folded, word.size);
    PyBuffer_Release(&letters);
    return answer;
}

/* ------------------------------------------------------------------------------------------------- the sieve */

/* FNV-1a over the letters one by one, so that every piece that begins at one place costs one multiplication more. It keeps nobody from
 * writing words that the sieve takes for others: what they gain is that Python looks at them. */
#define BEGUN UINT64_C(0xcbf29ce484222325)

static inline uint64_t
longer(uint64_t hash, uint32_t letter)
{
    return (hash ^ letter) * UINT64_C(0x100000001b3);
}

static uint64_t
hash_of(PyObject *text)
{
    uint64_t hash = BEGUN;
    for (Py_ssize_t at = 0; at < PyUnicode_GET_LENGTH(text); at++)
        hash = longer(hash, PyUnicode_READ_CHAR(text, at));
    return hash;
}

static inline uint64_t
mixed(uint64_t hash)
{
    hash ^= hash >> 32;
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 29;
}

/* A Bloom filter: three bits of one word for each hash. */
typedef struct {
    uint64_t *words;
    uint64_t mask; /* words less one */
} Filter;

static inline uint64_t
bits_in(uint64_t hash)
{
    return UINT64_C(1) << (hash >> 40 & 63) | UINT64_C(1) << (hash >> 46 & 63) | UINT64_C(1) << (hash >> 52 & 63);
}

static inline void
mark(Filter *filter, uint64_t hash)
{
    hash = mixed(hash);
    filter->words[hash & filter->mask] |= bits_in(hash);
}

static inline int
marked(const Filter *filter, uint64_t hash)
{
    hash = mixed(hash);
    return (filter->words[hash & filter->mask] & bits_in(hash)) == bits_in(hash);
}

typedef struct {
    const uint32_t *entries, *letters;
    uint64_t mask;    /* entries less one */
    uint64_t lengths; /* of the beginnings: bit n for those of n letters */
    int shortest;     /* of them, of as many letters as are an opening: few words have one */
    const uint16_t *keys; /* of a folded letter, that of a name's key, 0 where it is not one; NULL where there are no names */
    Filter names; /* of the beginnings of their keys, see `prefixes_doc` */
    int depth;    /* letters of the longest of these */
    const uint16_t *hidden; /* what may be missing before a name behind something else, and of how many letters it is */
    int hiding;
} Sieve;

/* What the piece of this hash may be. */
static uint32_t
piece(const Sieve *sieve, uint64_t hash)
{
    hash = mixed(hash);
    const uint32_t name = (uint32_t)(hash >> 32) & ~(uint32_t)PIECE;
    uint64_t at = hash & sieve->mask;
    for (uint64_t tried = 0; tried <= sieve->mask; tried++, at = (at + 1) & sieve->mask) {
        const uint32_t entry = sieve->entries[at];
        if (!(entry & PIECE))
            return 0;
        if ((entry & ~(uint32_t)PIECE) == name)
            return entry & PIECE;
    }
    return 0;
}

/* The places in a word from which on all may be attached behind; bit n for the place n. */
static uint64_t
backs_of(const Sieve *sieve, const Word *word)
{
    const int size = word->size;
    uint64_t backs = UINT64_C(1) << size;
    if (sieve->letters[word->folded[0]] & ANYWHERE)
        return ~UINT64_C(0);
    if (sieve->letters[word->folded[size - 1]] & LAST)
        for (int at = size - 1; at > 0 && sieve->letters[word->folded[at]] & BEHIND; at--)
            backs |= UINT64_C(1) << at;
    for (int at = size - 1; at > 0 && sieve->letters[word->folded[at]] & IN_BACK; at--) {
        uint64_t hash = BEGUN;
        for (int letter = at; letter < size; letter++)
            hash = longer(hash, word->folded[letter]);
        if (piece(sieve, hash) & BACK)
            backs |= UINT64_C(1) << at;
    }
    return backs;
}

/* Whether what is left of a word from `front` on, with or without what may be attached behind it, is a stem or has a beginning that counts. */
static int
met_from(const Sieve *sieve, const Word *word, int front, uint64_t backs)
{
    const uint32_t after = front ? STEM_AFTER : 0;
    uint64_t hash = BEGUN, lengths = sieve->lengths;
    for (int end = front + 1; end <= word->size; end++) {
        hash = longer(hash, word->folded[end - 1]);
        const int may_end = backs >> end & 1, begins = lengths >> (end - front) & 1;
        if (!may_end && !begins)
            continue;
        const uint32_t found = piece(sieve, hash), wanted = end < word->size ? after | STEM_AHEAD : after ? after : STEM;
        if ((may_end && (found & wanted) == wanted) || (begins && found & BEGINNING))
            return 1;
        if (end - front == sieve->shortest && !(found & OPENING))
            lengths = 0;
    }
    return 0;
}

/* In a filter of how the keys of names begin: the last letter of a word that names begin with, behind its own. */
#define FIRST_WORD 1
/* A shorter beginning is nearly always one of some name. */
#define TELLING 3
/* As many letters as the piece of a name has that is written apart, by the first letter: a capital, neither, a small one. */
#define LEAST_CAPITAL 2
#define LEAST_PIECE 3
#define LEAST_SMALL 6

/* Whether a name's key may begin with this one, as `Names._may_open` says it; `first` is the letter that the text's word begins with. */
static int
may_open(const Sieve *sieve, const uint16_t *key, int size, Py_UCS4 first)
{
    const int least = Py_UNICODE_ISUPPER(first) ? LEAST_CAPITAL : Py_UNICODE_ISLOWER(first) ? LEAST_SMALL : LEAST_PIECE;
    uint64_t hash = BEGUN;
    for (int at = 1; at <= size && at <= sieve->depth; at++) {
        hash = longer(hash, key[at - 1]);
        /* Every length is asked for, so that what the filter lets through by chance fails at the next letter. */
        if ((at >= TELLING || at == size) && !marked(&sieve->names, hash))
            return 0;
    }
    return size >= least || marked(&sieve->names, longer(hash, FIRST_WORD));
}

/* Whether what is left of a word from `front` on may be how a name begins, all of it or less what ends a name. */
static int
names_from(const Sieve *sieve, const Word *word, int front, Py_UCS4 first)
{
    uint16_t key[LONGEST + MOST_HIDDEN];
    const int size = word->size - front;
    for (int at = 0; at < size; at++)
        if (!(key[at] = sieve->keys[word->folded[front + at]]))
            return 1;
    if (sieve->letters[word->folded[front]] & DECLINED) {
        int kept = size > LONGEST_ENDING + 1 ? size - LONGEST_ENDING : 1;
        if (kept > sieve->depth)
            kept = sieve->depth;
        uint64_t hash = BEGUN;
        for (int at = 0; at < kept; at++)
            hash = longer(hash, key[at]);
        if (marked(&sieve->names, hash))
            return 1;
    }
    if (may_open(sieve, key, size, first))
        return 1;
    if (!front)
        return 0;
    memmove(key + sieve->hiding, key, size * sizeof(uint16_t));
    memcpy(key, sieve->hidden, sieve->hiding * sizeof(uint16_t));
    return may_open(sieve, key, size + sieve->hiding, first);
}

static int
may_meet(const Sieve *sieve, const Word *word, Py_UCS4 first)
{
    const uint64_t backs = backs_of(sieve, word);
    const uint32_t anywhere = sieve->letters[word->folded[0]] & ANYWHERE;
    uint64_t hash = BEGUN;
    if (met_from(sieve, word, 0, backs) || (sieve->keys != NULL && names_from(sieve, word, 0, first)))
        return 1;
    for (int front = 1; front < word->size && (anywhere || sieve->letters[word->folded[front - 1]] & IN_FRONT); front++) {
        hash = longer(hash, word->folded[front - 1]);
        const uint32_t attached = piece(sieve, hash) & FRONT;
        if ((anywhere || attached) && met_from(sieve, word, front, backs))
            return 1;
        if (attached && sieve->keys != NULL && names_from(sieve, word, front, first))
            return 1;
    }
    return 0;
}

PyDoc_STRVAR(pieces_doc, "pieces(pieces) -> hashes\n\nThe hashes of strings (uint64), of which a sieve is made.");

static PyObject *
pieces(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 1 || !PyList_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "pieces(pieces)");
        return NULL;
    }
    const Py_ssize_t count = PyList_GET_SIZE(args[0]);
    PyObject *hashes = PyByteArray_FromStringAndSize(NULL, count * (Py_ssize_t)sizeof(uint64_t));
    for (Py_ssize_t i = 0; hashes != NULL && i < count; i++) {
        PyObject *text = PyList_GET_ITEM(args[0], i);
        if (!PyUnicode_Check(text)) {
            PyErr_SetString(PyExc_TypeError, "a piece that is no string");
            Py_CLEAR(hashes);
            break;
        }
        ((uint64_t *)PyByteArray_AS_STRING(hashes))[i] = hash_of(text);
    }
    return hashes;
}

PyDoc_STRVAR(sieve_doc, "sieve(hashes, what) -> table\n\n"
"A sieve that holds each of the `pieces` with these hashes, and of each what the byte of `what` at its place says; of equal ones all of\n"
"it.");

static PyObject *
sieve(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer hashes, what;
    PyObject *table = NULL;
    if (nargs != 2) {
        PyErr_SetString(PyExc_TypeError, "sieve(hashes, what)");
        return NULL;
    }
    if (take(args[0], &hashes, sizeof(uint64_t), 0) < 0)
        return NULL;
    if (take(args[1], &what, 1, 0) < 0)
        goto no_what;
    const Py_ssize_t count = hashes.len / (Py_ssize_t)sizeof(uint64_t);
    if (what.len != count) {
        tables_differ();
        goto done;
    }
    Py_ssize_t room = 16;
    while (room < 2 * count)
        room *= 2;
    table = PyByteArray_FromStringAndSize(NULL, room * (Py_ssize_t)sizeof(uint32_t));
    if (table == NULL)
        goto done;
    uint32_t *entries = (uint32_t *)PyByteArray_AS_STRING(table);
    memset(entries, 0, room * sizeof(uint32_t));
    for (Py_ssize_t i = 0; i < count; i++) {
        const uint64_t hash = mixed(((const uint64_t *)hashes.buf)[i]);
        const uint32_t name = (uint32_t)(hash >> 32) & ~(uint32_t)PIECE, says = ((const unsigned char *)what.buf)[i];
        uint64_t at = hash & (uint64_t)(room - 1);
        while (entries[at] & PIECE && (entries[at] & ~(uint32_t)PIECE) != name)
            at = (at + 1) & (uint64_t)(room - 1);
        if (says)
            entries[at] = name | (entries[at] & PIECE) | says;
    }
done:
    PyBuffer_Release(&what);
no_what:
    PyBuffer_Release(&hashes);
    return table;
}

/* ------------------------------------------------------------------------------------------------- chunks of a text */

/* The chunks of a text, the places among them that a function is asked about, and the table of letters. */
typedef struct {
    Py_buffer starts, ends, places, letters;
    Py_ssize_t chunks, count;
} Asked;

static void
release(Asked *asked)
{
    PyBuffer_Release(&asked->starts);
    PyBuffer_Release(&asked->ends);
    PyBuffer_Release(&asked->places);
    PyBuffer_Release(&asked->letters);
}

/* Of the first five arguments; -1 with an exception, and nothing to release. */
static int
take_asked(PyObject *const *args, Asked *asked)
{
    static const Py_ssize_t sizes[] = {sizeof(int64_t), sizeof(int64_t), sizeof(int64_t), sizeof(uint32_t)};
    Py_buffer *views[] = {&asked->starts, &asked->ends, &asked->places, &asked->letters};
    if (!PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "a text that is no string");
        return -1;
    }
    for (int i = 0; i < 4; i++)
        if (take(args[i + 1], views[i], sizes[i], 0) < 0) {
            while (i-- > 0)
                PyBuffer_Release(views[i]);
            return -1;
        }
    asked->chunks = asked->starts.len / (Py_ssize_t)sizeof(int64_t);
    asked->count = asked->places.len / (Py_ssize_t)sizeof(int64_t);
    if (asked->ends.len == asked->starts.len && asked->letters.len == UNITS * (Py_ssize_t)sizeof(uint32_t))
        return 0;
    release(asked);
    return tables_differ();
}

/* The word that the nth chunk is that was asked about; 0 where it is not one plain word, or none of the chunks. */
static int
read_word(PyObject *text, const Asked *asked, Py_ssize_t nth, Word *word)
{
    const int64_t place = ((const int64_t *)asked->places.buf)[nth];
    if (place < 0 || place >= asked->chunks)
        return 0;
    return plain_word(text, ((const int64_t *)asked->starts.buf)[place], ((const int64_t *)asked->ends.buf)[place], asked->letters.buf, word);
}

PyDoc_STRVAR(sift_doc, "sift(text, starts, ends, places, letters, table, lengths, names) -> bytes\n\n"
"For each of those places among the chunks of a text (all int64), 1 where it is one plain word that no reading makes one of the sieve, which is then certain.\n"
"`lengths` has bit n set where the sieve holds a beginning of n letters. `names` is None, or (keys, filter, depth, hidden): of\n"
"each folded letter that of names (uint16), what `prefixes` makes of the keys of names up to `depth` letters, and what may be missing\n"
"before a name that something stands before (uint16).");

/* What a sieve is to know of names; -1 with an exception. What was taken is for the caller to release. */
static int
take_names(PyObject *names, Sieve *sieve, Py_buffer *views, int *taken)
{
    static const Py_ssize_t sizes[] = {sizeof(uint16_t), sizeof(uint64_t), sizeof(uint16_t)};
    static const int places[] = {0, 1, 3};
    if (!PyTuple_Check(names) || PyTuple_GET_SIZE(names) != 4) {
        PyErr_SetString(PyExc_TypeError, "see sift.__doc__");
        return -1;
    }
    const long depth = PyLong_AsLong(PyTuple_GET_ITEM(names, 2));
    if (depth == -1 && PyErr_Occurred())
        return -1;
    for (; *taken < 3; ++*taken)
        if (take(PyTuple_GET_ITEM(names, places[*taken]), &views[*taken], sizes[*taken], 0) < 0)
            return -1;
    const Py_ssize_t room = views[1].len / sizes[1], hidden = views[2].len / sizes[2];
    if (views[0].len != UNITS * sizes[0] || room < 1 || room & (room - 1) || depth < 1 || depth > LONGEST || hidden > MOST_HIDDEN)
        return tables_differ();
    sieve->keys = views[0].buf;
    sieve->names = (Filter){views[1].buf, (uint64_t)room - 1};
    sieve->depth = (int)depth;
    sieve->hidden = views[2].buf;
    sieve->hiding = (int)hidden;
    return 0;
}

static PyObject *
sift(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Asked asked;
    Py_buffer table, views[3];
    PyObject *answer = NULL;
    int taken = 0;
    if (nargs != 8) {
        PyErr_SetString(PyExc_TypeError, "sift(text, starts, ends, places, letters, table, lengths, names)");
        return NULL;
    }
    const uint64_t lengths = PyLong_AsUnsignedLongLong(args[6]);
    if (PyErr_Occurred() || take_asked(args, &asked) < 0)
        return NULL;
    if (take(args[5], &table, sizeof(uint32_t), 0) < 0)
        goto no_table;
    const Py_ssize_t room = table.len / (Py_ssize_t)sizeof(uint32_t);
    if (room < 1 || room & (room - 1)) {
        tables_differ();
        goto done;
    }
    Sieve sieve = {.entries = table.buf, .letters = asked.letters.buf, .mask = (uint64_t)room - 1, .lengths = lengths};
    while (lengths && !(lengths >> sieve.shortest & 1))
        sieve.shortest++;
    if (args[7] != Py_None && take_names(args[7], &sieve, views, &taken) < 0)
        goto done;
    answer = PyBytes_FromStringAndSize(NULL, asked.count);
    for (Py_ssize_t nth = 0; answer != NULL && nth < asked.count; nth++) {
        Word word;
        PyBytes_AS_STRING(answer)[nth] =
            read_word(args[0], &asked, nth, &word) && !may_meet(&sieve, &word, PyUnicode_READ_CHAR(args[0], word.start));
    }
done:
    while (taken-- > 0)
        PyBuffer_Release(&views[taken]);
    PyBuffer_Release(&table);
no_table:
    release(&asked);
    return answer;
}

/* ------------------------------------------------------------------------------------------------- BLAKE2b */

/* RFC 7693, for what fits into one block behind the key: 32 bits of a word's digest. */
#define BLOCK 128
#define LONGEST_KEY 64
#define DIGEST_SIZE 4

static const uint64_t START[8] = {
    UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b), UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
    UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f), UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179),
};
static const uint8_t ORDER[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}, {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4}, {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13}, {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11}, {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5}, {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

static inline uint64_t
turned(uint64_t number, int bits)
{
    return number >> bits | number << (64 - bits);
}

static inline void
mix(uint64_t *v, int a, int b, int c, int d, uint64_t one, uint64_t two)
{
    v[a] += v[b] + one;
    v[d] = turned(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 24);
    v[a] += v[b] + two;
    v[d] = turned(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 63);
}

/* Take in a block, up to which there are `length` bytes in all. */
static void
compress(uint64_t *state, const uint8_t *block, uint64_t length, int last)
{
    uint64_t v[16], words[16];
    for (int i = 0; i < 16; i++) {
        words[i] = 0;
        for (int byte = 7; byte >= 0; byte--)
            words[i] = words[i] << 8 | block[8 * i + byte];
        v[i] = i < 8 ? state[i] : START[i - 8];
    }
    v[12] ^= length;
    v[14] ^= last ? ~UINT64_C(0) : 0;
    for (int round = 0; round < 12; round++) {
        const uint8_t *order = ORDER[round % 10];
        for (int i = 0; i < 4; i++)
            mix(v, i, 4 + i, 8 + i, 12 + i, words[order[2 * i]], words[order[2 * i + 1]]);
        for (int i = 0; i < 4; i++)
            mix(v, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4, words[order[8 + 2 * i]], words[order[9 + 2 * i]]);
    }
    for (int i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[i + 8];
}

/* What the state is once the key was taken in; -1 with an exception where it is none. */
static int
keyed(PyObject *key, uint64_t *state)
{
    uint8_t block[BLOCK] = {0};
    const Py_ssize_t size = PyBytes_GET_SIZE(key);
    if (size < 1 || size > LONGEST_KEY)
        return tables_differ();
    memcpy(block, PyBytes_AS_STRING(key), size);
    memcpy(state, START, sizeof(START));
    state[0] ^= 0x01010000 ^ (uint64_t)size << 8 ^ DIGEST_SIZE;
    compress(state, block, BLOCK, 0);
    return 0;
}

/* The digest of letters in UTF-8, of which a plain word's fit into one block: none takes more than three bytes. */
static uint32_t
digest(const uint64_t *key, const uint16_t *letters, int size)
{
    uint8_t block[BLOCK] = {0};
    uint64_t state[8];
    int length = 0;
    for (int at = 0; at < size; at++) {
        const uint16_t c = letters[at];
        if (c < 0x80)
            block[length++] = (uint8_t)c;
        else {
            if (c < 0x800)
                block[length++] = (uint8_t)(0xc0 | c >> 6);
            else {
                block[length++] = (uint8_t)(0xe0 | c >> 12);
                block[length++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
            }
            block[length++] = (uint8_t)(0x80 | (c & 0x3f));
        }
    }
    memcpy(state, key, sizeof(state));
    compress(state, block, BLOCK + (uint64_t)length, 1);
    return (uint32_t)state[0];
}

/* ------------------------------------------------------------------------------------------------- names that go on */

/* No name has more words. */
#define MOST_WORDS 12

/* As many letters as two strings begin with alike, up to the end of a key and `depth`. */
static Py_ssize_t
alike(PyObject *one, PyObject *two, Py_ssize_t depth)
{
    Py_ssize_t length = PyUnicode_GET_LENGTH(one), at = 0;
    if (PyUnicode_GET_LENGTH(two) < length)
        length = PyUnicode_GET_LENGTH(two);
    if (length > depth)
        length = depth;
    while (at < length && PyUnicode_READ_CHAR(one, at) == PyUnicode_READ_CHAR(two, at) && (!at || PyUnicode_READ_CHAR(one, at - 1)))
        at++;
    return at;
}

/* Letters of an entry that are kept, the NUL behind its key among them. */
static Py_ssize_t
kept_of(PyObject *entry, Py_ssize_t depth)
{
    const Py_ssize_t length = PyUnicode_GET_LENGTH(entry) < depth ? PyUnicode_GET_LENGTH(entry) : depth;
    const Py_ssize_t end = PyUnicode_FindChar(entry, 0, 0, length, 1);
    return end < 0 ? length : end + 1;
}

/* -1 with an exception where a list holds anything else. */
static int
are_strings(PyObject *list)
{
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list); i++)
        if (!PyUnicode_Check(PyList_GET_ITEM(list, i))) {
            PyErr_SetString(PyExc_TypeError, "what is no string");
            return -1;
        }
    return 0;
}

/* Mark each beginning of a string that `known` letters are not marked of. */
static void
mark_beginnings(Filter *filter, PyObject *text, Py_ssize_t known, Py_ssize_t size)
{
    uint64_t hash = BEGUN;
    for (Py_ssize_t at = 0; at < size; at++) {
        hash = longer(hash, PyUnicode_READ_CHAR(text, at));
        if (at >= known)
            mark(filter, hash);
    }
}

/* An empty filter for so many hashes, eight bits for each at the least, which let one in twenty others through; NULL with an exception. */
static PyObject *
filter_for(Py_ssize_t count, Filter *filter)
{
    Py_ssize_t room = 1;
    while (room < count / 8)
        room *= 2;
    PyObject *made = PyByteArray_FromStringAndSize(NULL, room * (Py_ssize_t)sizeof(uint64_t));
    if (made == NULL)
        return NULL;
    *filter = (Filter){(uint64_t *)PyByteArray_AS_STRING(made), (uint64_t)room - 1};
    memset(filter->words, 0, room * sizeof(uint64_t));
    return made;
}

PyDoc_STRVAR(prefixes_doc, "prefixes(entries, depth, first) -> filter\n\n"
"A filter of the beginnings of sorted strings, each length up to `depth` and up to the first NUL, which is the last letter that counts;\n"
"and of the words that names begin with.");

static PyObject *
prefixes(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    if (nargs != 3 || !PyList_Check(args[0]) || !PyList_Check(args[2])) {
        PyErr_SetString(PyExc_TypeError, "prefixes(entries, depth, first)");
        return NULL;
    }
    PyObject *entries = args[0], *first = args[2];
    const Py_ssize_t depth = PyLong_AsSsize_t(args[1]);
    if (depth < 1 || depth > LONGEST) {
        if (!PyErr_Occurred())
            tables_differ();
        return NULL;
    }
    if (are_strings(entries) < 0 || are_strings(first) < 0)
        return NULL;
    Py_ssize_t count = PyList_GET_SIZE(first);
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(entries); i++) {
        PyObject *entry = PyList_GET_ITEM(entries, i);
        count += kept_of(entry, depth) - (i ? alike(PyList_GET_ITEM(entries, i - 1), entry, depth) : 0);
    }
    Filter filter;
    PyObject *made = filter_for(count, &filter);
    if (made == NULL)
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(entries); i++) {
        PyObject *entry = PyList_GET_ITEM(entries, i);
        mark_beginnings(&filter, entry, i ? alike(PyList_GET_ITEM(entries, i - 1), entry, depth) : 0, kept_of(entry, depth));
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(first); i++)
        mark(&filter, longer(hash_of(PyList_GET_ITEM(first, i)), FIRST_WORD));
    return made;
}

#define SPREAD UINT64_C(0x9E3779B97F4A7C15)

/* What is searched for names that go on, and by what: see `onward_doc`. */
typedef struct {
    PyObject *text;
    const int64_t *starts, *ends;
    const uint64_t *numbers;
    const uint32_t *values;
    Py_ssize_t chunks;
    int shift;
    uint64_t (*parted)[2];
    int parted_shift;
    const uint32_t *letters;
    const uint16_t *keys;
    Filter filter;
    Py_ssize_t depth;
} Names;

/* The beginning of a name: the hash of its key, and the letters of it. */
typedef struct {
    uint64_t hash, size;
} Begun;

typedef enum { NEVER, PERHAPS, GOES_ON } Onward;

/* Add the word that the chunk at `place` is to a beginning. */
static Onward
add_word(const Names *names, Py_ssize_t place, Begun *begun)
{
    Word word;
    if (!plain_word(names->text, names->starts[place], names->ends[place], names->letters, &word))
        return PERHAPS;
    const int declined = (names->letters[word.folded[0]] & DECLINED) != 0;
    int size = word.size;
    if (declined)
        size = size > LONGEST_ENDING + 1 ? size - LONGEST_ENDING : 1;
    for (int at = 0; at < size; at++) {
        const uint16_t key = names->keys[word.folded[at]];
        if (!key)
            return PERHAPS;
        begun->hash = longer(begun->hash, key);
        if (++begun->size == (uint64_t)names->depth)
            return marked(&names->filter, begun->hash) ? PERHAPS : NEVER;
    }
    if (!marked(&names->filter, begun->hash))
        return NEVER;
    return declined ? PERHAPS : GOES_ON;
}

/* Whether a name may begin so and go on, and end, in the chunks from `place` on; `farther` is set where more than the first was asked. */
static int
may_go_on(const Names *names, Py_ssize_t place, Begun begun, int *farther)
{
    if (begun.size >= (uint64_t)names->depth)
        return 1;
    for (int words = 1; words < MOST_WORDS && place < names->chunks; words++, place++) {
        const Onward found = add_word(names, place, &begun);
        if (found != GOES_ON)
            return found == PERHAPS;
        *farther = 1;
        if (marked(&names->filter, longer(begun.hash, 0)))
            return 1;
    }
    return 0;
}

/* Whether any of the beginnings that a chunk is goes on behind it; -1 with an exception. */
static int
any_goes_on(const Names *names, Py_ssize_t place, PyObject *met, const Begun *begun, Py_ssize_t many, int *farther)
{
    if (!PyTuple_Check(met)) {
        PyErr_SetString(PyExc_TypeError, "what a chunk met is a tuple");
        return -1;
    }
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(met); i++) {
        const Py_ssize_t slot = PyLong_AsSsize_t(PyTuple_GET_ITEM(met, i));
        if (slot == -1 && PyErr_Occurred())
            return -1;
        if (slot >= 0)
            continue;
        if (-1 - slot >= many) {
            PyErr_SetString(PyExc_ValueError, "a beginning that nobody knows");
            return -1;
        }
        if (may_go_on(names, place + 1, begun[-1 - slot], farther))
            return 1;
    }
    return 0;
}

/* Where it is kept that with the chunk behind the one at `place` no name goes on. */
static inline uint64_t *
parted_at(const Names *names, Py_ssize_t place)
{
    const uint64_t class = names->values[place] >> names->shift;
    return names->parted[(names->numbers[place + 1] ^ class * SPREAD) >> names->parted_shift];
}

/* The places of beginnings of which it is not kept that no name goes on, one after the other without a branch that would be guessed wrong:
 * nearly all of them were met before. */
static Py_ssize_t
beginnings(const Names *names, unsigned long begins, Py_ssize_t *places)
{
    Py_ssize_t some = 0, kept = 0;
    for (Py_ssize_t place = 0; place + 1 < names->chunks; place++) {
        places[some] = place;
        some += (names->values[place] & begins) != 0;
    }
    for (Py_ssize_t i = 0; i < some; i++) {
        const Py_ssize_t place = places[i];
        const uint64_t *known = parted_at(names, place);
        places[kept] = place;
        /* The number of a long chunk is not to be relied on. */
        kept += (known[0] != names->numbers[place + 1]) | (known[1] != names->values[place] >> names->shift) |
                ((uint64_t)names->ends[place + 1] - (uint64_t)names->starts[place + 1] > LONGEST);
    }
    return kept;
}

/* The list of those places where a name may go on; NULL with an exception. */
static PyObject *
going_on(const Names *names, const Py_ssize_t *places, Py_ssize_t many, PyObject *met, const Begun *begun, Py_ssize_t known)
{
    PyObject *found = PyList_New(0);
    for (Py_ssize_t i = 0; found != NULL && i < many; i++) {
        const Py_ssize_t place = places[i];
        const uint32_t class = names->values[place] >> names->shift;
        if ((Py_ssize_t)class >= PyList_GET_SIZE(met)) {
            PyErr_SetString(PyExc_ValueError, "a class that nobody knows");
            Py_CLEAR(found);
            break;
        }
        int farther = 0;
        const int on = any_goes_on(names, place, PyList_GET_ITEM(met, class), begun, known, &farther);
        if (!on && !farther) {
            uint64_t *kept = parted_at(names, place);
            kept[0] = names->numbers[place + 1];
            kept[1] = class;
        }
        PyObject *at = on > 0 ? PyLong_FromSsize_t(place) : NULL;
        if (on < 0 || (on > 0 && (at == NULL || PyList_Append(found, at) < 0)))
            Py_CLEAR(found);
        Py_XDECREF(at);
    }
    return found;
}

PyDoc_STRVAR(onward_doc,
"onward(text, starts, ends, numbers, values, begins, shift, met, begun, parted, letters, keys, filter, depth) -> list\n\n"
"The places of the chunks that may begin a name which goes on in the next ones. A chunk whose value (uint32) has the bit `begins` met\n"
"what the list `met` says at the value without its last `shift` bits, its class; of that -1 - n is the nth of the beginnings `begun`\n"
"(uint64: the hash of its key as `pieces` makes it, and its letters). In `parted` it is kept, for as long as classes stay what they are,\n"
"with which chunks no name goes on behind which: of the last of those that fall on one entry the number and the class (uint64 both).\n"
"`letters` and `keys` are as for `sift`, `filter` is of the keys' beginnings.");

static PyObject *
onward(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    enum { STARTS, ENDS, NUMBERS, VALUES, BEGINNINGS, PARTED, CHARACTERS, KEYS, FILTER, VIEWS };
    static const Py_ssize_t sizes[] = {sizeof(int64_t), sizeof(int64_t), sizeof(uint64_t), sizeof(uint32_t), sizeof(Begun),
                                       2 * sizeof(uint64_t), sizeof(uint32_t), sizeof(uint16_t), sizeof(uint64_t)};
    static const int taken[] = {1, 2, 3, 4, 8, 9, 10, 11, 12};
    Py_buffer views[VIEWS];
    if (nargs != 14 || !PyUnicode_Check(args[0]) || !PyList_Check(args[7])) {
        PyErr_SetString(PyExc_TypeError, "see onward.__doc__");
        return NULL;
    }
    const unsigned long begins = PyLong_AsUnsignedLong(args[5]), shift = PyErr_Occurred() ? 0 : PyLong_AsUnsignedLong(args[6]);
    const Py_ssize_t depth = PyErr_Occurred() ? 0 : PyLong_AsSsize_t(args[13]);
    if (PyErr_Occurred())
        return NULL;
    for (int i = 0; i < VIEWS; i++)
        if (take(args[taken[i]], &views[i], sizes[i], i == PARTED) < 0) {
            while (i-- > 0)
                PyBuffer_Release(&views[i]);
            return NULL;
        }
    PyObject *found = NULL;
    Py_ssize_t count[VIEWS];
    for (int i = 0; i < VIEWS; i++)
        count[i] = views[i].len / sizes[i];
    const Py_ssize_t chunks = count[STARTS], room = count[FILTER], entries = count[PARTED];
    if (count[ENDS] != chunks || count[NUMBERS] != chunks || count[VALUES] != chunks || count[CHARACTERS] != UNITS ||
        count[KEYS] != UNITS || room < 1 || room & (room - 1) || entries < 2 || entries & (entries - 1) || depth < 1 || shift > 31) {
        tables_differ();
        goto done;
    }
    const Names names = {
        .text = args[0], .starts = views[STARTS].buf, .ends = views[ENDS].buf, .numbers = views[NUMBERS].buf, .values = views[VALUES].buf,
        .chunks = chunks, .shift = (int)shift, .parted = views[PARTED].buf, .parted_shift = 64 - __builtin_ctzll((uint64_t)entries),
        .letters = views[CHARACTERS].buf, .keys = views[KEYS].buf, .filter = {views[FILTER].buf, (uint64_t)room - 1}, .depth = depth,
    };
    Py_ssize_t *places = PyMem_Malloc((chunks + 1) * sizeof(Py_ssize_t));
    if (places == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    found = going_on(&names, places, beginnings(&names, begins, places), args[7], views[BEGINNINGS].buf, count[BEGINNINGS]);
    PyMem_Free(places);
done:
    for (int i = 0; i < VIEWS; i++)
        PyBuffer_Release(&views[i]);
    return found;
}

/* ------------------------------------------------------------------------------------------------- codes */

/* Beside the number of a word: its kind, and what is known of it, as in `fingerprint_codes`. */
#define NUMBER_KIND (UINT64_C(1) << 32)
#define NAME_KIND (UINT64_C(2) << 32)
#define COMMON (UINT64_C(1) << 34)
#define SMALL (UINT64_C(1) << 35)
#define PLAIN (UINT64_C(1) << 36)
#define STEM_SIZE 6
#define ALEF 0x627
#define BA 0x628
#define FA 0x641
#define KAF 0x643
#define LAM 0x644
#define WAW 0x648
#define FIRST_ARABIC 0x621
#define LAST_ARABIC 0x64a

/* Letters attached before an Arabic word that is long enough to do without: the expression of `fingerprint_codes` by hand. */
static int
attached(const uint16_t *word, int size)
{
    const int joined = word[0] == WAW || word[0] == FA;
    const int before = joined + (joined < size && (word[joined] == BA || word[joined] == KAF));
    int end = 0;
    if (before + 1 < size && word[before] == ALEF && word[before + 1] == LAM)
        end = before + 2;
    else if (joined + 1 < size && word[joined] == LAM && word[joined + 1] == LAM)
        end = joined + 2;
    if (end && size - end >= 2)
        return end;
    return size > 4 && (joined || word[0] == BA || word[0] == LAM || word[0] == KAF);
}

/* Whether these letters of a word are common; -1 with an exception. */
static int
is_common(PyObject *common, const Word *word, int start, int size)
{
    PyObject *letters = PyUnicode_FromKindAndData(PyUnicode_2BYTE_KIND, word->folded + start, size);
    const int found = letters == NULL ? -1 : PySet_Contains(common, letters);
    Py_XDECREF(letters);
    return found;
}

/* The code of a word: by all of it where it is a number or common as it stands, else by its stem. -1 with an exception. */
static int
code_of(PyObject *common, const uint64_t *key, const Word *word, int capital, uint64_t *code)
{
    if (word->digits) {
        *code = digest(key, word->folded, word->size) | NUMBER_KIND | (word->size == 1 ? COMMON : 0);
        return 0;
    }
    int is = is_common(common, word, 0, word->size);
    if (is) {
        *code = digest(key, word->folded, word->size) | COMMON | SMALL;
        return is < 0 ? -1 : 0;
    }
    const uint16_t first = word->folded[0];
    const int start = first >= FIRST_ARABIC && first <= LAST_ARABIC ? attached(word->folded, word->size) : 0;
    const int size = word->size - start > STEM_SIZE ? STEM_SIZE : word->size - start;
    if (size < word->size)
        is = is_common(common, word, start, size);
    *code = digest(key, word->folded + start, size) | (capital ? NAME_KIND : SMALL) | (is || size == 1 ? COMMON : 0);
    return is < 0 ? -1 : 0;
}

PyDoc_STRVAR(codes_doc, "codes(text, starts, ends, places, letters, common, key) -> bytearray\n\n"
"For each of those places among the chunks of a text (all int64) the code of the one plain word it is (uint64), or 0 where it is not one. `common` is a set of\n"
"folded words and stems; their numbers are BLAKE2b under `key`.");

static PyObject *
codes(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Asked asked;
    uint64_t key[8];
    if (nargs != 7 || !PyAnySet_Check(args[5]) || !PyBytes_Check(args[6])) {
        PyErr_SetString(PyExc_TypeError, "codes(text, starts, ends, places, letters, common, key)");
        return NULL;
    }
    if (keyed(args[6], key) < 0 || take_asked(args, &asked) < 0)
        return NULL;
    PyObject *answer = PyByteArray_FromStringAndSize(NULL, asked.count * (Py_ssize_t)sizeof(uint64_t));
    for (Py_ssize_t nth = 0; answer != NULL && nth < asked.count; nth++) {
        Word word;
        uint64_t code = 0;
        if (read_word(args[0], &asked, nth, &word)) {
            const int capital = Py_UNICODE_ISUPPER(PyUnicode_READ_CHAR(args[0], word.start));
            if (code_of(args[5], key, &word, capital, &code) < 0) {
                Py_CLEAR(answer);
                break;
            }
            code |= word.whole ? PLAIN : 0;
        }
        ((uint64_t *)PyByteArray_AS_STRING(answer))[nth] = code;
    }
    release(&asked);
    return answer;
}

/* A table of codes by the numbers of chunks, as `fingerprint_codes` keeps it: two places for each. */
typedef struct {
    const uint64_t *numbers, *codes;
    int shift;
} Memory;

/* Set the code of every chunk that is remembered; of the others, and of those that are too long to be, the places are told. */
static Py_ssize_t
remembered(const Memory *memory, const Chunks *chunks, uint64_t *codes, int64_t *others)
{
    Py_ssize_t missed = 0;
    for (Py_ssize_t at = 0; at < chunks->count; at++) {
        const uint64_t number = chunks->numbers[at], first = number >> memory->shift, second = first ^ 1;
        const int here = memory->numbers[first] == number;
        codes[at] = memory->codes[here ? first : second];
        if ((!here && memory->numbers[second] != number) || chunks->ends[at] - chunks->starts[at] > LONGEST)
            others[missed++] = at;
    }
    return missed;
}

PyDoc_STRVAR(look_doc, "look(text, weights, kinds, quote, base, numbers, codes) -> (starts, ends, missed, numbers, codes)\n\n"
"The chunks of a text, as bytearrays: where they begin and end in code points, and the places of those that the table of `numbers` and\n"
"`codes` does not know (int64); their numbers, and what the table says of the others (uint64).");

static PyObject *
look(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    static const Py_ssize_t sizes[] = {sizeof(uint64_t), 1, sizeof(uint64_t), sizeof(uint64_t)};
    static const int taken[] = {1, 2, 5, 6};
    Py_buffer views[4];
    PyObject *answer = NULL;
    if (nargs != 7 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "look(text, weights, kinds, quote, base, numbers, codes)");
        return NULL;
    }
    Alphabet alphabet = {.quote = PyLong_AsUnsignedLongLong(args[3]), .base = PyLong_AsUnsignedLongLong(args[4])};
    if (PyErr_Occurred())
        return NULL;
    for (int i = 0; i < 4; i++)
        if (take(args[taken[i]], &views[i], sizes[i], 0) < 0) {
            while (i-- > 0)
                PyBuffer_Release(&views[i]);
            return NULL;
        }
    alphabet.weights = views[0].buf;
    alphabet.kinds = views[1].buf;
    Memory memory = {views[2].buf, views[3].buf, 64};
    const Py_ssize_t room = views[2].len / (Py_ssize_t)sizeof(uint64_t);
    while ((Py_ssize_t)1 << (64 - memory.shift) < room)
        memory.shift--;
    if (views[0].len != UNITS * (Py_ssize_t)sizeof(uint64_t) || views[1].len != UNITS || views[3].len != views[2].len || room < 2 ||
        (Py_ssize_t)1 << (64 - memory.shift) != room) {
        tables_differ();
        goto done;
    }
    Chunks chunks;
    if (part_text(args[0], &alphabet, &chunks) < 0)
        goto done;
    uint64_t *codes = PyMem_Malloc((chunks.count + 1) * sizeof(uint64_t));
    int64_t *others = PyMem_Malloc((chunks.count + 1) * sizeof(int64_t));
    if (codes == NULL || others == NULL)
        PyErr_NoMemory();
    else {
        const Py_ssize_t missed = remembered(&memory, &chunks, codes, others), count = chunks.count;
        answer = Py_BuildValue("(NNNNN)", bytes_of(chunks.starts, count, sizeof(int64_t)), bytes_of(chunks.ends, count, sizeof(int64_t)),
                               bytes_of(others, missed, sizeof(int64_t)), bytes_of(chunks.numbers, count, sizeof(uint64_t)),
                               bytes_of(codes, count, sizeof(uint64_t)));
    }
    PyMem_Free(codes);
    PyMem_Free(others);
    free_chunks(&chunks);
done:
    for (int i = 0; i < 4; i++)
        PyBuffer_Release(&views[i]);
    return answer;
}

/* ------------------------------------------------------------------------------------------------- fingerprints */

/* What a fingerprint is, as in `fingerprint`. */
#define VERSION 1
#define BINS 64
#define BIN_BITS 6
#define MOST_TERMS 160
#define TITLE 3
#define RUN 3

static inline uint64_t
splitmix(uint64_t number)
{
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ number >> 27) * UINT64_C(0x94d049bb133111eb);
    return number ^ number >> 31;
}

/* The least run of three words in each bin, an empty bin after the next that is not; at least RUN words. */
static void
sign(const uint64_t *codes, Py_ssize_t count, uint16_t *signature)
{
    uint64_t least[BINS];
    int held[BINS] = {0};
    for (Py_ssize_t at = 0; at + RUN <= count; at++) {
        const uint64_t one = (uint32_t)codes[at], two = (uint32_t)codes[at + 1], three = (uint32_t)codes[at + 2];
        const uint64_t run = splitmix(one * UINT64_C(0x9e3779b97f4a7c15) + two * UINT64_C(0xd6e8feb86659fd93) + three);
        const int bin = (int)(run >> (64 - BIN_BITS));
        if (!held[bin] || run < least[bin])
            least[bin] = run;
        held[bin] = 1;
    }
    for (int bin = 0; bin < BINS; bin++) {
        int away = 0;
        while (away < BINS - 1 && !held[(bin + away) % BINS])
            away++;
        signature[bin] = (uint16_t)splitmix(least[(bin + away) % BINS] + (uint64_t)away * UINT64_C(0x9e3779b97f4a7c15));
    }
}

typedef struct {
    uint32_t hash, count;
    Py_ssize_t first; /* where it stands first */
    uint8_t kind, kept;
} Term;

/* By the upper half, equal ones as they stand: byte by byte, for a hundred keys at a fifth of what comparing them takes. The keys
 * have as much room again behind them. */
static void
sort_keys(uint64_t *keys, Py_ssize_t count)
{
    uint64_t *from = keys, *to = keys + count;
    for (int shift = 32; shift < 64; shift += 8) {
        Py_ssize_t ends[256] = {0}, end = 0;
        for (Py_ssize_t i = 0; i < count; i++)
            ends[from[i] >> shift & 0xff]++;
        for (int byte = 0; byte < 256; byte++) {
            const Py_ssize_t held = ends[byte];
            ends[byte] = end;
            end += held;
        }
        for (Py_ssize_t i = 0; i < count; i++)
            to[ends[from[i] >> shift & 0xff]++] = from[i];
        uint64_t *other = from;
        from = to;
        to = other;
    }
}

/* The most frequent first, and of those the earliest. */
static int
by_weight(const void *one, const void *other)
{
    const Term *a = *(Term *const *)one, *b = *(Term *const *)other;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return (a->first > b->first) - (a->first < b->first);
}

/* The terms of an article by their numbers, into `terms`, by way of `keys`; there is room for each of its words in the one, and twice in the other. */
static Py_ssize_t
gather(const uint64_t *codes, Py_ssize_t count, Py_ssize_t titled, uint64_t *keys, Term *terms)
{
    Py_ssize_t said = 0, found = 0;
    for (Py_ssize_t at = 0; at < count; at++)
        if (!(codes[at] & COMMON))
            keys[said++] = codes[at] << 32 | (uint64_t)at;
    sort_keys(keys, said);
    for (Py_ssize_t i = 0; i < said; i++) {
        const uint32_t hash = (uint32_t)(keys[i] >> 32);
        const Py_ssize_t at = (Py_ssize_t)(keys[i] & 0xffffffff);
        if (!i || terms[found - 1].hash != hash)
            terms[found++] = (Term){.hash = hash, .first = at, .kind = codes[at] >> 32 & 3, .kept = 1};
        Term *term = &terms[found - 1];
        term->count += at < titled ? 1 + TITLE : 1;
        if (codes[at] & SMALL)
            term->kind = 0;
    }
    return found;
}

/* Leave the most frequent terms only; -1 with an exception. */
static int
keep_most(Term *terms, Py_ssize_t count)
{
    Term **order = PyMem_Malloc(count * sizeof(Term *));
    if (order == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < count; i++)
        order[i] = &terms[i];
    qsort(order, count, sizeof(Term *), by_weight);
    for (Py_ssize_t i = MOST_TERMS; i < count; i++)
        order[i]->kept = 0;
    PyMem_Free(order);
    return 0;
}

typedef struct {
    const uint64_t *codes;
    const uint8_t *weights; /* by how often a term stands in an article; of the last, by that and more */
    Py_ssize_t most;
} Weighed;

/* The data of one article's fingerprint; where its terms stand first is appended to `places`. NULL with an exception. */
static PyObject *
pack(const Weighed *weighed, Py_ssize_t first, Py_ssize_t titled, Py_ssize_t last, PyObject *places)
{
    const Py_ssize_t count = last - first;
    uint8_t data[3 + 2 * BINS + 5 * MOST_TERMS];
    Py_ssize_t firsts[MOST_TERMS], kept = 0;
    PyObject *answer = NULL;
    uint64_t *keys = PyMem_Malloc((2 * count + 1) * sizeof(uint64_t));
    Term *terms = PyMem_Malloc((count + 1) * sizeof(Term));
    if (keys == NULL || terms == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    const Py_ssize_t found = gather(weighed->codes + first, count, titled - first, keys, terms);
    if (found > MOST_TERMS && keep_most(terms, found) < 0)
        goto done;
    const Py_ssize_t signature = count < RUN ? 0 : BINS, most = found < MOST_TERMS ? found : MOST_TERMS;
    data[0] = VERSION;
    data[1] = (uint8_t)signature;
    data[2] = (uint8_t)most;
    uint8_t *hashes = data + 3 + 2 * signature, *marks = hashes + 4 * most;
    if (signature) {
        uint16_t bins[BINS];
        sign(weighed->codes + first, count, bins);
        memcpy(data + 3, bins, sizeof(bins));
    }
    for (Py_ssize_t i = 0; i < found; i++) {
        if (!terms[i].kept)
            continue;
        const Py_ssize_t often = terms[i].count < weighed->most ? terms[i].count : weighed->most - 1;
        memcpy(hashes + 4 * kept, &terms[i].hash, sizeof(uint32_t));
        marks[kept] = (uint8_t)(terms[i].kind << 6 | weighed->weights[often]);
        firsts[kept++] = first + terms[i].first;
    }
    const Py_ssize_t held = PyByteArray_GET_SIZE(places);
    if (PyByteArray_Resize(places, held + kept * (Py_ssize_t)sizeof(Py_ssize_t)) < 0)
        goto done;
    memcpy(PyByteArray_AS_STRING(places) + held, firsts, kept * sizeof(Py_ssize_t));
    answer = PyBytes_FromStringAndSize((char *)data, 3 + 2 * signature + 5 * most);
done:
    PyMem_Free(keys);
    PyMem_Free(terms);
    return answer;
}

PyDoc_STRVAR(packed_doc, "packed(codes, bounds, weights) -> (list, places)\n\n"
"The data of the fingerprint of each article, and where all their terms stand first (intp, by article and number). `codes` (uint64) are\n"
"those of the words of all articles; of each article `bounds` (intp) say where its words begin, where its title ends, and its words.");

static PyObject *
packed(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    static const Py_ssize_t sizes[] = {sizeof(uint64_t), 3 * sizeof(Py_ssize_t), 1};
    Py_buffer views[3];
    PyObject *all = NULL, *places = NULL, *answer = NULL;
    if (nargs != 3) {
        PyErr_SetString(PyExc_TypeError, "packed(codes, bounds, weights)");
        return NULL;
    }
    for (int i = 0; i < 3; i++)
        if (take(args[i], &views[i], sizes[i], 0) < 0) {
            while (i-- > 0)
                PyBuffer_Release(&views[i]);
            return NULL;
        }
    const Py_ssize_t count = views[0].len / (Py_ssize_t)sizeof(uint64_t), articles = views[1].len / sizes[1];
    const Weighed weighed = {views[0].buf, views[2].buf, views[2].len};
    all = PyList_New(articles);
    places = PyByteArray_FromStringAndSize(NULL, 0);
    if (all == NULL || places == NULL)
        goto done;
    if (!weighed.most) {
        tables_differ();
        goto done;
    }
    for (Py_ssize_t article = 0; article < articles; article++) {
        const Py_ssize_t *bounds = (const Py_ssize_t *)views[1].buf + 3 * article;
        if (bounds[0] < 0 || bounds[0] > bounds[1] || bounds[1] > bounds[2] || bounds[2] > count || bounds[2] - bounds[0] > INT32_MAX) {
            PyErr_SetString(PyExc_ValueError, "bounds beyond the words");
            goto done;
        }
        PyObject *data = pack(&weighed, bounds[0], bounds[1], bounds[2], places);
        if (data == NULL)
            goto done;
        PyList_SET_ITEM(all, article, data);
    }
    answer = PyTuple_Pack(2, all, places);
done:
    Py_XDECREF(all);
    Py_XDECREF(places);
    for (int i = 0; i < 3; i++)
        PyBuffer_Release(&views[i]);
    return answer;
}

PyDoc_STRVAR(cut_doc, "cut(text, starts, ends, counts) -> list\n\n"
    "The pieces of a text between places of code points, so many together (all int64): each lot is one string, a piece a line.");

/* The pieces, one a line; each lies within the text. */
static PyObject *
lot(PyObject *text, const int64_t *starts, const int64_t *ends, Py_ssize_t count)
{
    const int kind = PyUnicode_KIND(text);
    const void *chars = PyUnicode_DATA(text);
    Py_ssize_t length = count ? count - 1 : 0;
    Py_UCS4 most = '\n';  /* as many bits as the greatest character has, which is all that its kind depends on */
    for (Py_ssize_t at = 0; at < count; at++) {
        if (length > PY_SSIZE_T_MAX - (ends[at] - starts[at]))  /* one place may be asked for again and again */
            return PyErr_NoMemory();
        length += ends[at] - starts[at];
        for (int64_t place = starts[at]; place < ends[at]; place++)
            most |= PyUnicode_READ(kind, chars, place);
    }
    PyObject *found = PyUnicode_New(length, most > 0x10FFFF ? 0x10FFFF : most);
    if (found == NULL || !length)
        return found;
    const int its = PyUnicode_KIND(found);
    char *written = PyUnicode_DATA(found);
    Py_ssize_t to = 0;
    for (Py_ssize_t at = 0; at < count; at++) {
        if (at)
            PyUnicode_WRITE(its, written, to++, '\n');
        if (its == kind) {
            memcpy(written + to * kind, (const char *)chars + starts[at] * kind, (size_t)(ends[at] - starts[at]) * kind);
            to += ends[at] - starts[at];
        } else
            for (int64_t place = starts[at]; place < ends[at]; place++)
                PyUnicode_WRITE(its, written, to++, PyUnicode_READ(kind, chars, place));
    }
    return found;
}

static PyObject *
lots(PyObject *text, const Py_buffer *starts, const Py_buffer *ends, const Py_buffer *counts)
{
    const Py_ssize_t pieces = starts->len / (Py_ssize_t)sizeof(int64_t), many = counts->len / (Py_ssize_t)sizeof(int64_t);
    const int64_t *from = starts->buf, *to = ends->buf, *count = counts->buf;
    if (ends->len != starts->len) {
        tables_differ();
        return NULL;
    }
    for (Py_ssize_t at = 0; at < pieces; at++)
        if (from[at] < 0 || to[at] < from[at] || to[at] > PyUnicode_GET_LENGTH(text)) {
            PyErr_SetString(PyExc_IndexError, "a piece beyond the text");
            return NULL;
        }
    PyObject *answer = PyList_New(many);
    Py_ssize_t first = 0;
    for (Py_ssize_t at = 0; answer != NULL && at < many; at++) {
        if (count[at] < 0 || count[at] > pieces - first) {
            tables_differ();
            Py_CLEAR(answer);
            break;
        }
        PyObject *found = lot(text, from + first, to + first, (Py_ssize_t)count[at]);
        if (found == NULL)
            Py_CLEAR(answer);
        else
            PyList_SET_ITEM(answer, at, found);
        first += (Py_ssize_t)count[at];
    }
    return answer;
}

static PyObject *
cut(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    Py_buffer views[3];
    if (nargs != 4 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "cut(text, starts, ends, counts)");
        return NULL;
    }
    for (int i = 0; i < 3; i++)
        if (take(args[i + 1], &views[i], sizeof(int64_t), 0) < 0) {
            while (i-- > 0)
                PyBuffer_Release(&views[i]);
            return NULL;
        }
    PyObject *answer = lots(args[0], &views[0], &views[1], &views[2]);
    for (int i = 0; i < 3; i++)
        PyBuffer_Release(&views[i]);
    return answer;
}

/* --------------------------------------------------------------------------------------------------- addresses */

PyDoc_STRVAR(encoded_doc, "encoded(text, stays) -> str or None\n\n"
    "The text in UTF-8 with each byte as %XX, but for the characters of ASCII whose place in a table of 128 is not 0; None where\n"
    "that cannot be said of it (lone surrogates).");

static PyObject *
encoded(PyObject *module, PyObject *const *args, Py_ssize_t nargs)
{
    (void)module;
    static const char digits[] = "0123456789ABCDEF";
    Py_buffer view;
    if (nargs != 2 || !PyUnicode_Check(args[0])) {
        PyErr_SetString(PyExc_TypeError, "encoded(text, stays)");
        return NULL;
    }
    if (take(args[1], &view, 1, 0) < 0)
        return NULL;
    const unsigned char *stays = view.buf;
    const int kind = PyUnicode_KIND(args[0]);
    const void *chars = PyUnicode_DATA(args[0]);
    const Py_ssize_t length = PyUnicode_GET_LENGTH(args[0]);
    PyObject *answer = NULL;
    Py_ssize_t size = 0;
    if (view.len != 128) {
        tables_differ();
        goto done;
    }
    if (length > PY_SSIZE_T_MAX / 12) {  /* which is what four bytes become */
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 c = PyUnicode_READ(kind, chars, at);
        if (c >= 0xD800 && c < 0xE000) {
            answer = Py_NewRef(Py_None);
            goto done;
        }
        size += c < 0x80 ? (stays[c] ? 1 : 3) : c < 0x800 ? 6 : c < 0x10000 ? 9 : 12;
    }
    answer = PyUnicode_New(size, 0x7F);
    if (answer == NULL || !size)
        goto done;
    Py_UCS1 *to = PyUnicode_1BYTE_DATA(answer);
    for (Py_ssize_t at = 0; at < length; at++) {
        const Py_UCS4 c = PyUnicode_READ(kind, chars, at);
        if (c < 0x80 && stays[c]) {
            *to++ = (Py_UCS1)c;
            continue;
        }
        const int more = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;  /* bytes behind the first */
        for (int place = more; place >= 0; place--) {
            const unsigned lead = more ? 0xFF00u >> (more + 1) & 0xFF : 0;
            const unsigned byte = place == more ? lead | c >> 6 * more : 0x80 | (c >> 6 * place & 0x3F);
            *to++ = '%';
            *to++ = (Py_UCS1)digits[byte >> 4];
            *to++ = (Py_UCS1)digits[byte & 15];
        }
    }
done:
    PyBuffer_Release(&view);
    return answer;
}

/* ------------------------------------------------------------------------------------------------- the module */

#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, name##_doc}

static PyMethodDef methods[] = {
    FAST(fold), FAST(pieces), FAST(sieve), FAST(sift), FAST(prefixes), FAST(onward), FAST(codes), FAST(look), FAST(packed), FAST(cut),
    FAST(encoded), {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "monitor.text._native", .m_doc = "Plain words: folded, sifted, numbered.", .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__native(void)
{
    return PyModuleDef_Init(&module);
}
