/* What choosing a story does for each article, in C: gathering, ranking and comparing numbers.
 *
 * Everything here has a twin in Python that finds the same (`loops`), which runs where no compiler was at hand when the program was
 * installed and with which tests compare. Nothing here knows when two articles are one story (`cluster`). Fingerprints come from anyone's
 * text: every index into a table is cut to its size, every length is checked (`_numbers.h`).
 */
#include "_numbers.h"

/* Slots that are read for one article, at most. */
#define MOST_SLOTS 1024
/* Less than any length of an article or a story that says something. */
#define TINY 1e-9
/* Terms of a story after which it is mostly known that it is nothing like the article. */
#define SOON 48

static int
arguments(Py_ssize_t given, Py_ssize_t wanted)
{
    if (given == wanted)
        return 0;
    PyErr_Format(PyExc_TypeError, "%zd arguments where there must be %zd", given, wanted);
    return -1;
}

static int
dictionary(PyObject *given)
{
    if (PyDict_Check(given))
        return 0;
    PyErr_SetString(PyExc_TypeError, "articles and stories stand in a dictionary");
    return -1;
}

static PyObject *
wrong(const char *message)
{
    PyErr_SetString(PyExc_ValueError, message);
    return NULL;
}

/* ------------------------------------------------------------------------------------ the article itself */

/* splitmix64, as `text.fingerprint.mixed`. */
static inline uint64_t
mixed(uint64_t number)
{
    number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9u;
    number = (number ^ number >> 27) * 0x94D049BB133111EBu;
    return number ^ number >> 31;
}

/* The places of the terms by which the article is looked for: at most `posted` of those that say most, and `named` of the numbers and
 * names among them. How many. */
static Py_ssize_t
rarest(const Print *print, const float *idf, const float *mine, float common, long posted, long named, long shift, uint32_t *places)
{
    uint64_t all[MOST_TERMS], names[MOST_TERMS];
    char chosen[MOST_TERMS] = {0};
    Py_ssize_t valuable = 0, others = 0, found = 0;
    for (int i = 0; i < print->count; i++)
        if (idf[i] > common && mine[i] > 0) {
            all[valuable++] = valued(mine[i], i);
            if (kind_of(print->marks[i]))
                names[others++] = valued(mine[i], i);
        }
    heap_up(all, valuable);
    heap_up(names, others);
    while (posted-- > 0 && valuable)
        chosen[place_of(greatest(all, &valuable))] = 1;
    while (named-- > 0 && others)
        chosen[place_of(greatest(names, &others))] = 1;
    for (int i = 0; i < print->count; i++)
        if (chosen[i])
            places[found++] = load32(print->hashes, i) >> shift;
    return found;
}

PyDoc_STRVAR(look_doc, "look(data, counts, logs, base, most, common, posted, named, shift, mask, /)\n--\n\n"
    "What each term says and weighs; the places of the tables of terms and of bands where the article is looked for; and how long it is. "
    "None where the fingerprint cannot be read.");

static PyObject *
look(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Print print;
    Rarity of;
    char *data;
    Py_ssize_t size;
    if (arguments(given, 10) < 0 || PyBytes_AsStringAndSize(args[0], &data, &size) < 0)
        return NULL;
    if (!is_print((const uint8_t *)data, size, &print))
        Py_RETURN_NONE;
    const float common = (float)PyFloat_AsDouble(args[5]);
    const long posted = PyLong_AsLong(args[6]), named = PyLong_AsLong(args[7]), shift = PyLong_AsLong(args[8]);
    const uint32_t mask = (uint32_t)PyLong_AsUnsignedLongMask(args[9]);
    if (PyErr_Occurred())
        return NULL;
    if (shift < 0 || shift > 31)
        return wrong("a term's number has 32 bits");
    if (read_rarity(args + 1, &of) < 0)
        return NULL;
    float idf[2 * MOST_TERMS], *mine = idf + print.count;
    uint32_t places[MOST_TERMS], bands[BANDS];
    double square = 0;
    for (int i = 0; i < print.count; i++) {
        idf[i] = says(&of, load32(print.hashes, i), 0);
        mine[i] = (float)(print.marks[i] & 63) / 10.0f * idf[i];
        const float squared = mine[i] * mine[i];
        square += squared;
    }
    let_go(&of);
    const Py_ssize_t posts = rarest(&print, idf, mine, common, posted, named, shift, places);
    for (int i = 0; i < print.bins / 2; i++) {
        const uint64_t pair = (uint64_t)load16(print.signature, 2 * i) << 16 | load16(print.signature, 2 * i + 1);
        bands[i] = (uint32_t)(mixed(pair + (uint64_t)(i + 1) * 0x9E3779B97F4A7C15u) >> 32) & mask;
    }
    return Py_BuildValue("(y#y#y#d)", (char *)idf, (Py_ssize_t)(8 * print.count), (char *)places, 4 * posts, (char *)bands,
                         (Py_ssize_t)(2 * print.bins), sqrt(square));
}

/* ------------------------------------------------------------------------------------------ the two tables */

/* The rows of a table, of `slots` numbers each, at some places of it. */
typedef struct {
    Py_buffer table;
    const char *places;
    Py_ssize_t slots, rows, count;
    uint32_t numbers[MOST_SLOTS];
} Rows;

/* Three arguments: the table, slots in a row, places. To be let go. */
static int
read_rows(PyObject *const *args, Rows *rows, int writable)
{
    char *places;
    Py_ssize_t size;
    rows->slots = PyLong_AsSsize_t(args[1]);
    if (PyErr_Occurred() || PyBytes_AsStringAndSize(args[2], &places, &size) < 0 || take(args[0], &rows->table, 4, writable) < 0)
        return -1;
    rows->places = places;
    rows->rows = size / 4;
    if (rows->slots < 1 || rows->slots > MOST_SLOTS || size % 4 || rows->rows * rows->slots > MOST_SLOTS) {
        PyErr_SetString(PyExc_ValueError, "more slots than are read for one article");
        goto failed;
    }
    rows->count = rows->rows * rows->slots;
    const Py_ssize_t height = rows->table.len / (4 * rows->slots);
    for (Py_ssize_t i = 0; i < rows->rows; i++) {
        const Py_ssize_t place = (Py_ssize_t)load32(places, i);
        if (place >= height) {
            PyErr_SetString(PyExc_IndexError, "a place beyond the table");
            goto failed;
        }
        memcpy(rows->numbers + i * rows->slots, (const char *)rows->table.buf + 4 * rows->slots * place, (size_t)(4 * rows->slots));
    }
    return 0;
failed:
    PyBuffer_Release(&rows->table);
    return -1;
}

/* The numbers but 0, each once, as a heap: the most frequent first, of equals the newest. How many. */
static Py_ssize_t
ranked(const Rows *rows, uint64_t *heap)
{
    uint64_t seen[2 * MOST_SLOTS];
    Py_ssize_t size = 2, found = 0;
    int bits = 1;
    for (; size < 2 * rows->count; size *= 2)
        bits++;
    memset(seen, 0, (size_t)size * sizeof *seen);
    for (Py_ssize_t i = 0; i < rows->count; i++) {
        const uint32_t number = rows->numbers[i];
        if (number == 0)
            continue;
        Py_ssize_t at = number * 2654435769u >> (32 - bits);
        while (seen[at] && (uint32_t)seen[at] != number)
            at = (at + 1) & (size - 1);
        if (!seen[at])
            heap[found++] = (uint64_t)at;
        seen[at] = (seen[at] | number) + ((uint64_t)1 << 32);
    }
    for (Py_ssize_t i = 0; i < found; i++)
        heap[i] = seen[heap[i]];
    heap_up(heap, found);
    return found;
}

PyDoc_STRVAR(rank_doc, "rank(table, slots, places, /)\n--\n\nEach number in these rows but 0, the most frequent first, of equals the newest.");

static PyObject *
rank(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Rows rows;
    uint64_t heap[MOST_SLOTS];
    if (arguments(given, 3) < 0 || read_rows(args, &rows, 0) < 0)
        return NULL;
    PyBuffer_Release(&rows.table);
    Py_ssize_t left = ranked(&rows, heap);
    PyObject *answer = PyList_New(left);
    for (Py_ssize_t i = 0; answer != NULL && left; i++) {
        PyObject *number = PyLong_FromUnsignedLong((unsigned long)(uint32_t)greatest(heap, &left));
        if (number == NULL)
            Py_CLEAR(answer);
        else
            PyList_SET_ITEM(answer, i, number);
    }
    return answer;
}

PyDoc_STRVAR(post_doc, "post(table, slots, places, number, below, articles, name, story, /)\n--\n\n"
    "`number` in the first slot of these rows. What was there moves on, up to the first slot that is free, or out. Free is what is less "
    "than `below` and what is `number`; and, unless `articles` is None, what does not stand in this dictionary, or has the attribute "
    "`name` equal to `story`.");

/* Whether a number is one of these articles, and of another story; -1 with an exception. */
static int
of_others(PyObject *articles, PyObject *name, long story, uint32_t number)
{
    PyObject *key = PyLong_FromUnsignedLong((unsigned long)number);
    PyObject *article = key == NULL ? NULL : PyDict_GetItemWithError(articles, key);
    PyObject *told = article == NULL ? NULL : PyObject_GetAttr(article, name);
    const long other = told == NULL ? story : PyLong_AsLong(told);
    Py_XDECREF(told);
    Py_XDECREF(key);
    return PyErr_Occurred() ? -1 : other != story;
}

static PyObject *
post(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Rows rows;
    if (arguments(given, 8) < 0)
        return NULL;
    const uint32_t number = (uint32_t)PyLong_AsUnsignedLongMask(args[3]);
    const uint32_t below = (uint32_t)PyLong_AsUnsignedLongMask(args[4]);
    const long story = PyLong_AsLong(args[7]);
    if (PyErr_Occurred() || (args[5] != Py_None && dictionary(args[5]) < 0) || read_rows(args, &rows, 1) < 0)
        return NULL;
    int held = 1;
    for (Py_ssize_t i = 0; held >= 0 && i < rows.rows; i++) {
        uint32_t *row = rows.numbers + i * rows.slots;
        Py_ssize_t until = 0;
        for (; until < rows.slots - 1 && row[until] >= below && row[until] != number; until++)
            if (args[5] != Py_None && (held = of_others(args[5], args[6], story, row[until])) <= 0)
                break;
        memmove(row + 1, row, (size_t)until * sizeof *row);
        row[0] = number;
    }
    /* All were read before the first is written: a place that stands there twice is written alike twice. */
    for (Py_ssize_t i = 0; held >= 0 && i < rows.rows; i++)
        memcpy((char *)rows.table.buf + 4 * rows.slots * (Py_ssize_t)load32(rows.places, i), rows.numbers + i * rows.slots,
               (size_t)(4 * rows.slots));
    PyBuffer_Release(&rows.table);
    if (held < 0)
        return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(count_doc, "count(counts, data, by, /)\n--\n\nAdds `by` to the counter of each term of a fingerprint.");

static PyObject *
count(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Print print;
    Py_buffer counts;
    if (arguments(given, 3) < 0 || read_print(args[1], &print) < 0)
        return NULL;
    const uint32_t by = (uint32_t)PyLong_AsUnsignedLongMask(args[2]);
    if (PyErr_Occurred() || take(args[0], &counts, 4, 1) < 0)
        return NULL;
    const Py_ssize_t counters = counts.len / 4, mask = counters - 1;
    const int sound = counters > 0 && !(counters & mask);
    for (int i = 0; sound && i < print.count; i++) {
        const Py_ssize_t at = (Py_ssize_t)load32(print.hashes, i) & mask;
        const uint32_t counted = load32(counts.buf, at) + by;
        store(counts.buf, at, &counted, 4);
    }
    PyBuffer_Release(&counts);
    if (!sound)
        return wrong("counters that are no power of two");
    Py_RETURN_NONE;
}

/* Of what stands in a dictionary under the numbers of a heap, greatest first: up to `wanted`, without those in `passed` (unless that is
 * NULL). How many were found, new references; fewer with an exception. */
static Py_ssize_t
holders_of(uint64_t *heap, Py_ssize_t *left, PyObject *holders, PyObject *passed, Py_ssize_t wanted, PyObject **chosen, PyObject **found)
{
    Py_ssize_t count = 0;
    while (*left && count < wanted) {
        PyObject *number = PyLong_FromUnsignedLong((unsigned long)(uint32_t)greatest(heap, left));
        /* A reference of our own: comparing with what stands in `passed` may run anything. */
        PyObject *holder = number == NULL ? NULL : Py_XNewRef(PyDict_GetItemWithError(holders, number));
        if (holder != NULL && (passed == NULL || PySet_GET_SIZE(passed) == 0 || PySet_Contains(passed, number) == 0)) {
            __builtin_prefetch(holder);
            chosen[count] = number;
            found[count++] = holder;
            continue;
        }
        Py_XDECREF(holder);
        Py_XDECREF(number);
        if (PyErr_Occurred())
            break;
    }
    return count;
}

/* In place of so many holders their attribute `name`, which is bytes; NULL from the first fault on, with an exception. */
static void
told_by(PyObject **holders, Py_ssize_t count, PyObject *name)
{
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *data = PyErr_Occurred() ? NULL : PyObject_GetAttr(holders[i], name);
        if (data != NULL && !PyBytes_Check(data)) {
            PyErr_SetString(PyExc_TypeError, "articles and stories are known by bytes");
            Py_CLEAR(data);
        }
        if (data != NULL)
            __builtin_prefetch(data);
        Py_SETREF(holders[i], data);
    }
}

/* The first `wanted` of these numbers that stand in a dictionary, not in `passed` (unless that is NULL), and whose attribute `name` is not
 * empty: into `chosen` and `known`, new references. How many; -1 with an exception. They stand anywhere in memory: each step is taken with
 * all of them before the next, so that what it reads is on its way by then. */
static Py_ssize_t
known_of(const Rows *rows, PyObject *holders, PyObject *name, PyObject *passed, Py_ssize_t wanted, PyObject **chosen, PyObject **known)
{
    uint64_t heap[MOST_SLOTS];
    Py_ssize_t found = 0;
    for (Py_ssize_t left = ranked(rows, heap); left && found < wanted && !PyErr_Occurred();) {
        const Py_ssize_t more = holders_of(heap, &left, holders, passed, wanted - found, chosen + found, known + found), end = found + more;
        told_by(known + found, more, name);
        for (Py_ssize_t i = found; i < end; i++) {
            PyObject *number = chosen[i], *data = known[i];
            if (data == NULL || PyBytes_GET_SIZE(data) == 0) {
                Py_XDECREF(data);
                Py_DECREF(number);
                continue;
            }
            for (Py_ssize_t at = 0; at < PyBytes_GET_SIZE(data); at += 64)
                __builtin_prefetch(PyBytes_AS_STRING(data) + at);
            chosen[found] = number;
            known[found++] = data;
        }
    }
    if (!PyErr_Occurred())
        return found;
    while (found--) {
        Py_DECREF(known[found]);
        Py_DECREF(chosen[found]);
    }
    return -1;
}

static int
append(PyObject *list, PyObject *one)
{
    const int failed = one == NULL || PyList_Append(list, one) < 0;
    Py_XDECREF(one);
    return failed ? -1 : 0;
}

/* ------------------------------------------------------------------------------------ articles with articles */

PyDoc_STRVAR(alike_doc, "alike(data, table, slots, places, articles, name, wanted, least, /)\n--\n\n"
    "Of the first `wanted` numbers in these rows, as `rank` has them, that stand in the dictionary `articles`, those that agree with this "
    "article in such a share of bins: the share and the number. The attribute `name` is their fingerprint.");

static PyObject *
alike(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Print own, other;
    Rows rows;
    PyObject *chosen[MOST_SLOTS], *known[MOST_SLOTS];
    if (arguments(given, 8) < 0 || read_print(args[0], &own) < 0 || dictionary(args[4]) < 0)
        return NULL;
    const Py_ssize_t wanted = PyLong_AsSsize_t(args[6]);
    const double least = PyFloat_AsDouble(args[7]);
    if (PyErr_Occurred() || read_rows(args + 1, &rows, 0) < 0)
        return NULL;
    PyBuffer_Release(&rows.table);
    const Py_ssize_t found = known_of(&rows, args[4], args[5], NULL, wanted, chosen, known);
    PyObject *answer = found < 0 ? NULL : PyList_New(0);
    for (Py_ssize_t i = 0; i < found; i++) {
        double equal = 0;
        if (answer != NULL && read_print(known[i], &other) < 0)
            Py_CLEAR(answer);
        for (int bin = 0; answer != NULL && bin < own.bins && bin < other.bins; bin++)
            equal += load16(own.signature, bin) == load16(other.signature, bin);
        if (answer != NULL && equal / BINS >= least && append(answer, Py_BuildValue("(dO)", equal / BINS, chosen[i])) < 0)
            Py_CLEAR(answer);
        Py_DECREF(known[i]);
        Py_DECREF(chosen[i]);
    }
    return answer;
}

PyDoc_STRVAR(closest_doc, "closest(data, says, others, /)\n--\n\n"
    "Of other articles the one that shares most (in thousandths; of equals the first), which of the article's terms it shares (a byte "
    "each) and how many, and how many terms it has.");

static PyObject *
closest(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    Print other, chosen = {0};
    Py_ssize_t best = -1, shared = 0;
    double most = -1;
    if (arguments(given, 3) < 0 || read_own(args, &own) < 0)
        return NULL;
    PyObject *others = PySequence_Fast(args[2], "fingerprints must be a sequence");
    if (others == NULL)
        return NULL;
    PyObject *answer = NULL, *mask = PyBytes_FromStringAndSize(NULL, own.print.count);
    if (mask == NULL)
        goto done;
    for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(others); i++) {
        double sum = 0;
        if (read_print(PySequence_Fast_GET_ITEM(others, i), &other) < 0)
            goto done;
        for (int term = 0; term < other.count; term++) {
            const int at = place_in(&own, load32(other.hashes, term));
            if (at >= 0)
                sum += load_float(own.idf, at);
        }
        sum = rint(1000 * sum);
        if (sum > most) {
            most = sum;
            best = i;
            chosen = other;
        }
    }
    if (best < 0) {
        wrong("no other article");
        goto done;
    }
    memset(PyBytes_AS_STRING(mask), 0, (size_t)own.print.count);
    for (int term = 0; term < chosen.count; term++) {
        const int at = place_in(&own, load32(chosen.hashes, term));
        if (at >= 0)
            PyBytes_AS_STRING(mask)[at] = 1;
    }
    for (int i = 0; i < own.print.count; i++)
        shared += PyBytes_AS_STRING(mask)[i];
    answer = Py_BuildValue("(nOni)", best, mask, shared, chosen.count);
done:
    Py_XDECREF(mask);
    Py_DECREF(others);
    return answer;
}

PyDoc_STRVAR(sides_doc, "sides(data, says, other, counts, logs, base, most, /)\n--\n\n"
    "Of either article how many terms of each kind it says alone, how many as the other does, and what these and those say.");

typedef struct {
    int terms[2][KINDS];
    double weight[2][KINDS];
} Side;

static PyObject *
told_of(const Side *side)
{
    const int *alone = side->terms[0], *both = side->terms[1];
    const double *weight = side->weight[0], *common = side->weight[1];
    return Py_BuildValue("((iiii)(iiii)(dddd)(dddd))", alone[0], alone[1], alone[2], alone[3], both[0], both[1], both[2], both[3], weight[0],
                         weight[1], weight[2], weight[3], common[0], common[1], common[2], common[3]);
}

static PyObject *
sides(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    Print other;
    Rarity of;
    Side mine = {0}, theirs = {0};
    char held[MOST_TERMS] = {0};
    if (arguments(given, 7) < 0 || read_own(args, &own) < 0 || read_print(args[2], &other) < 0 || read_rarity(args + 3, &of) < 0)
        return NULL;
    for (int i = 0; i < other.count; i++) {
        const uint32_t hash = load32(other.hashes, i);
        const int at = place_in(&own, hash), kind = kind_of(other.marks[i]);
        theirs.terms[at >= 0][kind]++;
        theirs.weight[at >= 0][kind] += says(&of, hash, 0);
        if (at >= 0)
            held[at] = 1;
    }
    let_go(&of);
    for (int i = 0; i < own.print.count; i++) {
        const int both = held[i], kind = kind_of(own.print.marks[i]);
        mine.terms[both][kind]++;
        mine.weight[both][kind] += load_float(own.idf, i);
    }
    PyObject *one = told_of(&mine), *two = told_of(&theirs), *answer = NULL;
    if (one != NULL && two != NULL)
        answer = PyTuple_Pack(2, one, two);
    Py_XDECREF(one);
    Py_XDECREF(two);
    return answer;
}

PyDoc_STRVAR(shown_doc, "shown(data, says, shared, words, name, number, most_words, most_numbers, /)\n--\n\n"
    "Of the shared terms (a byte each) the words and the numbers that weigh most, as `words` has them; names count twice.");

static PyObject *
shown(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    char *shared;
    Py_ssize_t size, count = 0;
    uint64_t heap[MOST_TERMS];
    if (arguments(given, 8) < 0 || read_own(args, &own) < 0 || PyBytes_AsStringAndSize(args[2], &shared, &size) < 0)
        return NULL;
    const long name = PyLong_AsLong(args[4]), number = PyLong_AsLong(args[5]);
    Py_ssize_t left[2] = {PyLong_AsSsize_t(args[6]), PyLong_AsSsize_t(args[7])};
    if (PyErr_Occurred())
        return NULL;
    if (size != own.print.count || !PyTuple_Check(args[3]) || PyTuple_GET_SIZE(args[3]) != own.print.count)
        return wrong("arrays of different lengths");
    for (int i = 0; i < own.print.count; i++) {
        const float value = load_float(own.mine, i) * (kind_of(own.print.marks[i]) == name ? 2.0f : 1.0f);
        if (shared[i] && value > 0)
            heap[count++] = valued(value, i);
    }
    heap_up(heap, count);
    PyObject *answer = NULL, *found[2] = {PyList_New(0), PyList_New(0)};
    if (found[0] == NULL || found[1] == NULL)
        goto done;
    while (count && (left[0] > 0 || left[1] > 0)) {
        const int at = place_of(greatest(heap, &count)), numeric = kind_of(own.print.marks[at]) == number;
        if (left[numeric]-- > 0 && PyList_Append(found[numeric], PyTuple_GET_ITEM(args[3], at)) < 0)
            goto done;
    }
    answer = PyTuple_New(2);
    for (int i = 0; answer != NULL && i < 2; i++) {
        PyObject *said = PyList_AsTuple(found[i]);
        if (said == NULL)
            Py_CLEAR(answer);
        else
            PyTuple_SET_ITEM(answer, i, said);
    }
done:
    Py_XDECREF(found[0]);
    Py_XDECREF(found[1]);
    return answer;
}

/* ------------------------------------------------------------------------------------- articles with stories */

/* The cosine between the article, so long, and a story, 0 where it is less than `least`; and how many of the article's numbers and names
 * the story has. What is too little is seldom worked out: how rare a term is stands somewhere in megabytes. */
static double
likeness(Centroid *story, const Own *own, double length, const Rarity *of, double least, Py_ssize_t *names)
{
    double product = 0, square = 0;
    *names = 0;
    for (int i = 0; i < story->count; i++) {
        const uint32_t hash = load32(story->hashes, i);
        const int at = place_in(own, hash);
        if (i < SOON)
            __builtin_prefetch((const char *)of->counts + 4 * ((Py_ssize_t)hash & of->mask));
        if (at < 0)
            continue;
        const float theirs = weight_of(story, i) * load_float(own->idf, at);
        const float both = theirs * load_float(own->mine, at);
        product += both;
        *names += kind_of(own->print.marks[at]) != 0;
    }
    if (!(product > 0))
        return 0;
    /* The square of the length from which on the cosine is too little, with room for the last digits. */
    const double longest = least > 0 && length > 0 ? product / (least * length) : INFINITY, limit = longest * longest * (1 + 1e-9);
    for (int i = 0; i < story->count; i++) {
        const float theirs = weight_of(story, i) * says(of, load32(story->hashes, i), 0);
        const float squared = theirs * theirs;
        square += squared;
        if (square > limit)
            return 0;
    }
    const double lengths = sqrt(square) * length, cosine = product / (lengths > TINY ? lengths : TINY);
    return cosine < least ? 0 : cosine;
}

PyDoc_STRVAR(cosine_doc, "cosine(data, says, length, counts, logs, base, most, centroid, /)\n--\n\nHow like a story the article is.");

static PyObject *
cosine(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    Rarity of;
    Centroid story;
    Py_ssize_t names;
    if (arguments(given, 8) < 0 || read_own(args, &own) < 0 || read_centroid(args[7], &story) < 0)
        return NULL;
    const double length = PyFloat_AsDouble(args[2]);
    if (PyErr_Occurred() || read_rarity(args + 3, &of) < 0)
        return NULL;
    const double found = likeness(&story, &own, length, &of, 0, &names);
    let_go(&of);
    return PyFloat_FromDouble(found);
}

PyDoc_STRVAR(nearest_doc, "nearest(data, says, length, counts, logs, base, most, table, slots, places, stories, name, passed, wanted, "
    "least, names, /)\n--\n\n"
    "Of the first `wanted` numbers in these rows, as `rank` has them, that stand in the dictionary `stories`, not in the set `passed`, and "
    "whose attribute `name` is not empty, those that are like the article or have so many of its names: the cosine (0 where it is less "
    "than `least`), the number, how many names.");

static PyObject *
nearest(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    Rarity of;
    Rows rows;
    PyObject *chosen[MOST_SLOTS], *known[MOST_SLOTS];
    if (arguments(given, 16) < 0 || read_own(args, &own) < 0 || dictionary(args[10]) < 0)
        return NULL;
    if (!PyAnySet_Check(args[12])) {
        PyErr_SetString(PyExc_TypeError, "those passed over are a set");
        return NULL;
    }
    const double length = PyFloat_AsDouble(args[2]), least = PyFloat_AsDouble(args[14]);
    const Py_ssize_t wanted = PyLong_AsSsize_t(args[13]), named = PyLong_AsSsize_t(args[15]);
    if (PyErr_Occurred() || read_rows(args + 7, &rows, 0) < 0)
        return NULL;
    PyBuffer_Release(&rows.table);
    if (read_rarity(args + 3, &of) < 0)
        return NULL;
    const Py_ssize_t found = known_of(&rows, args[10], args[11], args[12], wanted, chosen, known);
    PyObject *answer = found < 0 ? NULL : PyList_New(0);
    for (Py_ssize_t i = 0; i < found; i++) {
        Py_ssize_t names;
        Centroid story;
        if (answer != NULL && read_centroid(known[i], &story) < 0)
            Py_CLEAR(answer);
        if (answer != NULL) {
            const double cosine = likeness(&story, &own, length, &of, least, &names);
            if ((cosine > 0 || names >= named) && append(answer, Py_BuildValue("(dOn)", cosine, chosen[i], names)) < 0)
                Py_CLEAR(answer);
        }
        Py_DECREF(known[i]);
        Py_DECREF(chosen[i]);
    }
    let_go(&of);
    return answer;
}

PyDoc_STRVAR(news_doc, "news(data, says, centroid, counts, logs, base, most, counted, bar, shared, /)\n--\n\n"
    "What those terms of a story weigh that the article shares (of its own only the marked, where `shared` is not None) and that are rare "
    "outside it.");

static PyObject *
news(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Own own;
    Rarity of;
    Centroid story;
    char *meant = NULL;
    Py_ssize_t size;
    if (arguments(given, 10) < 0 || read_own(args, &own) < 0 || read_centroid(args[2], &story) < 0)
        return NULL;
    const long counted = PyLong_AsLong(args[7]);
    const float bar = (float)PyFloat_AsDouble(args[8]);
    if (PyErr_Occurred() || (args[9] != Py_None && PyBytes_AsStringAndSize(args[9], &meant, &size) < 0))
        return NULL;
    if (meant != NULL && size != own.print.count)
        return wrong("arrays of different lengths");
    if (read_rarity(args + 3, &of) < 0)
        return NULL;
    double weight = 0;
    for (int i = 0; i < story.count; i++) {
        const uint32_t hash = load32(story.hashes, i);
        const int at = place_in(&own, hash);
        if (at < 0 || (meant != NULL && !meant[at]))
            continue;
        const int64_t told = tally_of(&story, i);
        const float over = says(&of, hash, told < counted ? told : counted) - bar;
        weight += over > 0 ? over : 0;
    }
    let_go(&of);
    return PyFloat_FromDouble(weight);
}

/* --------------------------------------------------------------------------------- what a story is known by */

static PyObject *
made(const uint32_t *hashes, const uint32_t *tally, const uint16_t *halves, int count)
{
    PyObject *answer = PyBytes_FromStringAndSize(NULL, MADE_HEAD + MADE_TERM * count);
    if (answer == NULL)
        return NULL;
    char *to = PyBytes_AS_STRING(answer);
    const uint16_t terms = (uint16_t)count;
    to[0] = MADE;
    to[1] = 0;
    memcpy(to + 2, &terms, 2);
    memcpy(to + MADE_HEAD, hashes, (size_t)(4 * count));
    memcpy(to + MADE_HEAD + 4 * count, tally, (size_t)(4 * count));
    memcpy(to + MADE_HEAD + 8 * count, halves, (size_t)(2 * count));
    return answer;
}

PyDoc_STRVAR(founded_doc, "founded(centroid, data, most, /)\n--\n\n"
    "What a story is known by with another article among those it is made of: of so many terms those that weigh most.");

static PyObject *
founded(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    enum { MOST = MOST_MADE + MOST_TERMS };
    Centroid before, one;
    uint32_t hashes[MOST], tally[MOST];
    float weights[MOST];
    uint16_t halves[MOST];
    uint64_t heap[MOST];
    char kept[MOST] = {0};
    int count = 0, i = 0, j = 0, left = 0;
    Print print;
    if (arguments(given, 3) < 0 || read_centroid(args[0], &before) < 0 || read_print(args[1], &print) < 0 || read_centroid(args[1], &one) < 0)
        return NULL;
    const long most = PyLong_AsLong(args[2]);
    if (PyErr_Occurred())
        return NULL;
    if (before.count == 0 || one.count == 0)
        return Py_NewRef(before.count == 0 && one.count ? args[1] : args[0]);
    while (i < before.count || j < one.count) {
        const uint32_t mine = i < before.count ? load32(before.hashes, i) : UINT32_MAX;
        const uint32_t theirs = j < one.count ? load32(one.hashes, j) : UINT32_MAX;
        const int first = i < before.count && (j >= one.count || mine <= theirs);
        const int second = j < one.count && (i >= before.count || theirs <= mine);
        hashes[count] = first ? mine : theirs;
        tally[count] = first ? tally_of(&before, i) : 0;
        weights[count] = first ? weight_of(&before, i) : 0;
        if (second) {
            tally[count]++;
            weights[count] += (float)(one.print.marks[j] & 63) / one.norm;
        }
        i += first;
        j += second;
        heap[count] = valued(weights[count], count);
        count++;
    }
    Py_ssize_t heaped = count;
    if (count > most)
        heap_up(heap, heaped);
    for (long wanted = most; count > most && wanted-- > 0;)
        kept[place_of(greatest(heap, &heaped))] = 1;
    for (int at = 0; at < count; at++)
        if (count <= most || kept[at]) {
            hashes[left] = hashes[at];
            tally[left] = tally[at];
            halves[left++] = to_half(weights[at]);
        }
    return made(hashes, tally, halves, left);
}

PyDoc_STRVAR(tallied_doc, "tallied(centroid, data, by, /)\n--\n\n"
    "What a story is known by with `by` more articles, not less than none, in which those of its terms stand that this one has.");

static PyObject *
tallied(PyObject *self, PyObject *const *args, Py_ssize_t given)
{
    (void)self;
    Centroid before;
    Print print;
    uint32_t hashes[MOST_MADE], tally[MOST_MADE];
    uint16_t halves[MOST_MADE];
    int changed = 0;
    if (arguments(given, 3) < 0 || read_centroid(args[0], &before) < 0 || read_print(args[1], &print) < 0)
        return NULL;
    const int64_t by = PyLong_AsLong(args[2]);
    if (PyErr_Occurred())
        return NULL;
    for (int i = 0, j = 0; i < before.count; i++) {
        hashes[i] = load32(before.hashes, i);
        tally[i] = tally_of(&before, i);
        halves[i] = before.tally != NULL ? load16(before.halves, i) : to_half(weight_of(&before, i));
        while (j < print.count && load32(print.hashes, j) < hashes[i])
            j++;
        if (j < print.count && load32(print.hashes, j) == hashes[i]) {
            const int64_t counted = (int64_t)tally[i] + by;
            tally[i] = counted < 0 ? 0 : counted > UINT32_MAX ? UINT32_MAX : (uint32_t)counted;
            changed = 1;
        }
    }
    return changed ? made(hashes, tally, halves, before.count) : Py_NewRef(args[0]);
}

/* --------------------------------------------------------------------------------------------- the module */

#define FAST(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, name##_doc}

static PyMethodDef methods[] = {
    FAST(look), FAST(rank), FAST(post), FAST(count), FAST(alike), FAST(closest), FAST(sides), FAST(shown), FAST(cosine), FAST(nearest),
    FAST(news), FAST(founded), FAST(tallied), {NULL, NULL, 0, NULL},
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
