/* The loops of layout that look at every character: what a text holds at all, where its sentences may end, where its lines stand.
 *
 * All of it is said in Python too (`survey`, `sentences`, `lines`), for those without a compiler, and tests hold both to one answer.
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

/* The stop at `place`, if no sentence or line begins inside the word before it; -1 with an exception. */
static int
stop_at(PyObject *object, const Text *text, Py_ssize_t place, PyObject *abbreviations, Py_ssize_t longest)
{
    if (place == 0 || place + 2 >= text->length || !Py_UNICODE_ISALNUM(at(text, place - 1)))
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
    Py_ssize_t start = place;
    while (start > 0 && place - start <= LONGEST && Py_UNICODE_ISALPHA(at(text, start - 1)))
        start--;
    const Py_ssize_t letters = place - start;
    if (letters < 2 || letters > LONGEST || (start > 0 && !Py_UNICODE_ISSPACE(at(text, start - 1))))
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
    PyObject *enders = PyList_New(0), *sure = PyList_New(0);
    PyObject *answer = NULL;
    if (enders == NULL || sure == NULL)
        goto done;
    if (looks.len != UNITS) {
        PyErr_SetString(PyExc_ValueError, "a table of another size");
        goto done;
    }
    const Text text = text_of(object);
    const unsigned char *table = looks.buf;
    int seen = 0;
    for (Py_ssize_t place = 0; place < text.length; place++) {
        const Py_UCS4 c = at(&text, place);
        int known;
        if (c < UNITS)
            known = table[c];
        else
            known = c >= FIRST_HAN && c <= LAST_HAN ? BEYOND | EAST_ASIAN : BEYOND;
        seen |= known;
        if (known & ENDER) {
            const int stop = c == '.' ? stop_at(object, &text, place, abbreviations, longest) : OPEN;
            if (stop < 0 || add_ender(enders, sure, place, stop) < 0)
                goto done;
        }
        else if (c == '\r' && (place + 1 == text.length || at(&text, place + 1) != '\n'))
            seen |= LONE_RETURN;
    }
    answer = Py_BuildValue("iOO", seen, enders, sure);
done:
    Py_XDECREF(enders);
    Py_XDECREF(sure);
    PyBuffer_Release(&looks);
    return answer;
}

/* --------------------------------------------------------------------------------------------------- lines */

/* Whether so many single blanks stand at the beginning of [start, end) that there must be more words than are counted. */
static int
is_long(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    if (end - start <= SURVEYED)
        return 0;
    int blanks = 0;
    for (Py_ssize_t place = start; place < start + SURVEYED; place++)
        if (at(text, place) == ' ') {
            blanks++;
            if (place + 1 < start + SURVEYED && at(text, place + 1) == ' ')
                return 0;
        }
    return blanks >= COUNTED;
}

/* The number of words of the line [start, end): of few those that hold a letter or a digit, of many one more than are counted. */
static int
words_in(const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    if (is_long(text, start, end))
        return COUNTED + 1;
    int words = 0, said = 0;
    Py_ssize_t place = start;
    while (place < end) {
        if (words == COUNTED)
            return COUNTED + 1;
        int says = 0;
        for (; place < end && !Py_UNICODE_ISSPACE(at(text, place)); place++)
            says = says || Py_UNICODE_ISALNUM(at(text, place));
        words++;
        said += says;
        while (place < end && Py_UNICODE_ISSPACE(at(text, place)))
            place++;
    }
    return words == COUNTED ? words : said;
}

/* Append the line [start, end) without the blanks at its ends as (start, end, text, words); None where nothing is left. */
static int
add_line(PyObject *lines, PyObject *object, const Text *text, Py_ssize_t start, Py_ssize_t end)
{
    while (start < end && Py_UNICODE_ISSPACE(at(text, start)))
        start++;
    while (end > start && Py_UNICODE_ISSPACE(at(text, end - 1)))
        end--;
    if (start == end)
        return PyList_Append(lines, Py_None);
    PyObject *piece = PyUnicode_Substring(object, start, end);
    if (piece == NULL)
        return -1;
    PyObject *line = Py_BuildValue("nnNi", start, end, piece, words_in(text, start, end));
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

static PyMethodDef methods[] = {
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
