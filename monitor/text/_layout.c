/* The loops of layout that look at every character: what a text holds at all, where its sentences may end, where its lines stand.
 *
 * All of it is said in Python too (`survey`, `sentences`, `lines`, `language`), for those without a compiler, and tests hold both to one answer.
 * Nothing here knows a language: what characters are stands in a table that Python fills (`looks`), and which words carry a full stop
 * in a set of it. Text comes from anyone: every index is held against the text's length, and no loop goes back further than its bound.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#define UNITS 0x10000
/* What is known of a character, as in `looks`. */
#define EAST_ASIAN 16
#define ENDER 32
/* Of the text as a whole: a carriage return that is no part of a line's end. */
#define LONE_RETURN 64
/* Beyond the table nothing is simple, plain or western; and these are Han. */
#define BEYOND (1 | 2 | 4 | 8)
#define FIRST_HAN 0x20000
#define LAST_HAN 0x3fffd
/* Letters of the longest word before a full stop that is looked at. */
#define LONGEST 64
/* As in `lines`. */
#define COUNTED 20
#define SURVEYED 160

typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

static Text
text_of(PyObject *text)
{
    return (Text){PyUnicode_KIND(text), PyUnicode_DATA(text), PyUnicode_GET_LENGTH(text)};
}

static inline Py_UCS4
at(const Text *text, Py_ssize_t place)
{
    return PyUnicode_READ(text->kind, text->data, place);
}

/* As Py_UNICODE_ISSPACE, without a call for the letters of most scripts. */
static inline int
is_blank(Py_UCS4 c)
{
    return c >= 0x80 && c < 0x1680 ? c == 0x85 || c == 0xa0 : Py_UNICODE_ISSPACE(c);
}

/* ---------------------------------------------------------------------------------------------- full stops */

/* What a full stop is: none that ends a sentence, one that surely does, or one that must be thought about. */
enum Stop { NEVER, SURE, OPEN };

/* Whether the letters [start, end), case-folded, are among the abbreviations; -1 with an exception. */
static int
is_abbreviation(PyObject *text, Py_ssize_t start, Py_ssize_t end, PyObject *abbreviations)
{
    PyObject *word = PyUnicode_Substring(text, start, end);
    if (word == NULL)
        return -1;
    PyObject *folded = PyObject_CallMethod(word, "casefold", NULL);
    Py_DECREF(word);
    if (folded == NULL)
        return -1;
    const int found = PySet_Contains(abbreviations, folded);
    Py_DECREF(folded);
    return found;
}

/* What closes a quotation: before a full stop it says that no abbreviation stands there. */
static int
closes(Py_UCS4 c)
{
    return c == '"' || c == '\'' || c == 0xbb || c == 0x2019 || c == 0x201d;
}

/* The stop at `place`, if no sentence or line begins inside the word before it; -1 with an exception. */
static int
stop_at(PyObject *object, const Text *text, Py_ssize_t place, PyObject *abbreviations, Py_ssize_t longest)
{
    if (place < 2 || place + 2 >= text->length)
        return OPEN;
    const Py_UCS4 before = at(text, place - 1);
    const int apart = before == ' ' || closes(before);
    if (!Py_UNICODE_ISALNUM(apart ? at(text, place - 2) : before))
        return OPEN;
    const Py_UCS4 following = at(text, place + 1);
    if (following != ' ')
        /* Within a number or a name; but Arabic letters may begin a sentence without a blank before them. */
        return Py_UNICODE_ISALNUM(following) && !(following >= 0x620 && following <= 0x6d3) ? NEVER : OPEN;
    const Py_UCS4 next = at(text, place + 2);
    if (!Py_UNICODE_ISALNUM(next))
        return OPEN;
    if (Py_UNICODE_ISLOWER(next))
        return NEVER;
    if (apart)
        return SURE;
    Py_ssize_t start = place;
    while (start > 0 && place - start <= LONGEST && Py_UNICODE_ISALPHA(at(text, start - 1)))
        start--;
    const Py_ssize_t letters = place - start;
    if (letters < 2 || letters > LONGEST || (start > 0 && !is_blank(at(text, start - 1))))
        return OPEN;
    if (letters > longest)
        return SURE;
    const int known = is_abbreviation(object, start, place, abbreviations);
    return known < 0 ? -1 : known ? OPEN : SURE;
}

/* Append the ender at `place` to the lists unless it ends nothing. */
static int
add_ender(PyObject *enders, PyObject *sure, Py_ssize_t place, int stop)
{
    if (stop == NEVER)
        return 0;
    PyObject *number = PyLong_FromSsize_t(place);
    if (number == NULL)
        return -1;
    const int failed = PyList_Append(enders, number) < 0 || PyList_Append(sure, stop == SURE ? Py_True : Py_False) < 0;
    Py_DECREF(number);
    return failed ? -1 : 0;
}

typedef struct {
    PyObject *enders, *sure; /* lists */
    int seen;
} Seen;

/* Look at every character of `text`, whose `kind` is said apart so that the loop is made once for each. -1 with an exception. */
static inline __attribute__((always_inline)) int
look_through(PyObject *object, const Text *text, const int kind, const unsigned char *table, PyObject *abbreviations, Py_ssize_t longest,
             Seen *found)
{
    const void *data = text->data;
    const Py_ssize_t length = text->length;
    int seen = 0;
    for (Py_ssize_t place = 0; place < length; place++) {
        const Py_UCS4 c = PyUnicode_READ(kind, data, place);
        int known;
        if (c < UNITS)
            known = table[c];
        else
            known = c >= FIRST_HAN && c <= LAST_HAN ? BEYOND | EAST_ASIAN : BEYOND;
        seen |= known;
        if (known & ENDER) {
            const int stop = c == '.' ? stop_at(object, text, place, abbreviations, longest) : OPEN;
            if (stop < 0 || add_ender(found->enders, found->sure, place, stop) < 0)
                return -1;
        }
        else if (c == '\r' && (place + 1 == length || PyUnicode_READ(kind, data, place + 1) != '\n'))
            seen |= LONE_RETURN;
    }
    found->seen = seen;
    return 0;
}

PyDoc_STRVAR(look_doc, "look(text, looks, abbreviations, longest) -> (seen, enders, sure)\n\n"
                       "All that is known of any character, or-ed; the places of enders but for full stops that end nothing; which of\n"
                       "them surely end a sentence. ``longest`` is the number of letters of the longest of the abbreviations.");

static PyObject *
look(PyObject *self, PyObject *args)
{
    PyObject *object, *abbreviations;
    Py_buffer looks = {NULL};
    Py_ssize_t longest;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*O!n", &object, &looks, &PyFrozenSet_Type, &abbreviations, &longest))
        return NULL;
    Seen found = {PyList_New(0), PyList_New(0), 0};
    int failed = found.enders == NULL || found.sure == NULL;
    if (!failed && looks.len != UNITS) {
        PyErr_SetString(PyExc_ValueError, "a table of another size");
        failed = 1;
    }
    if (!failed) {
        const Text text = text_of(object);
        if (text.kind == PyUnicode_1BYTE_KIND)
            failed = look_through(object, &text, PyUnicode_1BYTE_KIND, looks.buf, abbreviations, longest, &found);
        else if (text.kind == PyUnicode_2BYTE_KIND)
            failed = look_through(object, &text, PyUnicode_2BYTE_KIND, looks.buf, abbreviations, longest, &found);
        else
            failed = look_through(object, &text, PyUnicode_4BYTE_KIND, looks.buf, abbreviations, longest, &found);
    }
    PyObject *answer = failed ? NULL : Py_BuildValue("iOO", found.seen, found.enders, found.sure);
    Py_XDECREF(found.enders);
    Py_XDECREF(found.sure);
    PyBuffer_Release(&looks);
    return answer;
}

/* --------------------------------------------------------------------------------------------------- lines */

/* Whether so many single blanks stand at the beginning of [start, end) that there must be more words than are counted. */
static inline __attribute__((always_inline)) int
is_long(const int kind, const void *data, Py_ssize_t start, Py_ssize_t end)
{
    if (end - start <= SURVEYED)
        return 0;
    int blanks = 0, before = 0;
    for (Py_ssize_t place = start; place < start + SURVEYED; place++) {
        const int blank = PyUnicode_READ(kind, data, place) == ' ';
        if (blank && before)
            return 0;
        blanks += blank;
        before = blank;
    }
    return blanks >= COUNTED;
}

/* The number of words of the line [start, end): of few those that hold a letter or a digit, of many one more than are counted. */
static inline __attribute__((always_inline)) int
words_of(const int kind, const void *data, Py_ssize_t start, Py_ssize_t end)
{
    if (is_long(kind, data, start, end))
        return COUNTED + 1;
    int words = 0, said = 0;
    Py_ssize_t place = start;
    while (place < end) {
        if (words == COUNTED)
            return COUNTED + 1;
        int says = 0;
        for (; place < end; place++) {
            const Py_UCS4 c = PyUnicode_READ(kind, data, place);
            if (is_blank(c))
                break;
            says = says || Py_UNICODE_ISALNUM(c);
        }
        words++;
        said += says;
        while (place < end && is_blank(PyUnicode_READ(kind, data, place)))
            place++;
    }
    return words == COUNTED ? words : said;
}

/* The same; the loops are made once for each width of characters. */
static int
words_in(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    if (text->kind == PyUnicode_1BYTE_KIND)
        return words_of(PyUnicode_1BYTE_KIND, text->data, start, end);
    if (text->kind == PyUnicode_2BYTE_KIND)
        return words_of(PyUnicode_2BYTE_KIND, text->data, start, end);
    return words_of(PyUnicode_4BYTE_KIND, text->data, start, end);
}

/* (start, end, text, words) of the line [start, end). */
static PyObject *
make_line(PyObject *object, const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    PyObject *line = PyTuple_New(4);
    if (line == NULL)
        return NULL;
    PyTuple_SET_ITEM(line, 0, PyLong_FromSsize_t(start));
    PyTuple_SET_ITEM(line, 1, PyLong_FromSsize_t(end));
    PyTuple_SET_ITEM(line, 2, PyUnicode_Substring(object, start, end));
    PyTuple_SET_ITEM(line, 3, PyLong_FromLong(words_in(text, start, end)));
    for (Py_ssize_t i = 0; i < 4; i++)
        if (PyTuple_GET_ITEM(line, i) == NULL) {
            Py_DECREF(line);
            return NULL;
        }
    return line;
}

/* Append the line [start, end) without the blanks at its ends; None where nothing is left. */
static int
add_line(PyObject *lines, PyObject *object, const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    while (start < end && is_blank(at(text, start)))
        start++;
    while (end > start && is_blank(at(text, end - 1)))
        end--;
    if (start == end)
        return PyList_Append(lines, Py_None);
    PyObject *line = make_line(object, text, start, end);
    if (line == NULL)
        return -1;
    const int failed = PyList_Append(lines, line);
    Py_DECREF(line);
    return failed;
}

PyDoc_STRVAR(lines_doc, "lines(text, start, end) -> list of (start, end, line, words) or None\n\n"
                        "The lines of a piece of text whose only line breaks are newlines, in order; None for each that is blank.");

static PyObject *
lines(PyObject *self, PyObject *args)
{
    PyObject *object;
    Py_ssize_t start, end;
    (void)self;
    if (!PyArg_ParseTuple(args, "Unn", &object, &start, &end))
        return NULL;
    const Text text = text_of(object);
    if (start < 0 || end > text.length || start > end) {
        PyErr_SetString(PyExc_ValueError, "no piece of the text");
        return NULL;
    }
    PyObject *found = PyList_New(0);
    if (found == NULL)
        return NULL;
    for (;;) {
        const Py_ssize_t stop = PyUnicode_FindChar(object, '\n', start, end, 1);
        if (stop == -2 || add_line(found, object, &text, start, stop < 0 ? end : stop) < 0) {
            Py_DECREF(found);
            return NULL;
        }
        if (stop < 0)
            return found;
        start = stop + 1;
    }
}

/* -------------------------------------------------------------------------------------------------- module */

/* ------------------------------------------------------------------------------------------------- scripts */

PyDoc_STRVAR(glance_doc, "glance(text, step, classes) -> (arabic, latin, odd)\n\n"
                         "How many of every so many characters of a text are in each of three classes: the bits 1, 2 and 4 of the byte\n"
                         "that a character has in the table. Beyond it nothing is in any.");

static PyObject *
glance(PyObject *self, PyObject *args)
{
    PyObject *object;
    Py_ssize_t step, counts[3] = {0, 0, 0};
    Py_buffer classes = {NULL};
    (void)self;
    if (!PyArg_ParseTuple(args, "Uny*", &object, &step, &classes))
        return NULL;
    const Text text = text_of(object);
    const unsigned char *of = classes.buf;
    for (Py_ssize_t place = 0; step > 0 && place < text.length; place = step < text.length - place ? place + step : text.length) {
        const Py_UCS4 c = at(&text, place);
        const unsigned char its = c < (size_t)classes.len ? of[c] : 0;
        counts[0] += its & 1;
        counts[1] += its >> 1 & 1;
        counts[2] += its >> 2 & 1;
    }
    PyBuffer_Release(&classes);
    return Py_BuildValue("nnn", counts[0], counts[1], counts[2]);
}

static PyMethodDef methods[] = {
    {"glance", glance, METH_VARARGS, glance_doc},
    {"look", look, METH_VARARGS, look_doc},
    {"lines", lines, METH_VARARGS, lines_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "monitor.text._layout", .m_doc = "The loops of layout.", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__layout(void)
{
    return PyModuleDef_Init(&module);
}
