/* Plain HTML fragments to text, in one pass: what nearly all bodies of feed items are; and such bodies out of the XML they are wrapped in.
 *
 * The same is said in Python (`markup`: `_quick`, `html.unescape` and `_paragraphs`), and tests hold the two to one answer. Whatever is not
 * quite plain (an element that is not in the table, one that an HTML parser would have to close, a reference that is unfinished or odd) is
 * left to it. Nothing here knows HTML's names: they stand in tables that Python fills. Fragments come from anyone: every index is held
 * against the text's length, the stack has a bound, and of each character no more than one is written.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* As in `markup`. */
enum Kind { NONE, INLINE, LINE, PARAGRAPH, HEADING, ITEM, LIST, BLOCK };
#define MOST_TAGS 5000
/* Elements inside one another, and letters of a name that is a number. */
#define DEEPEST 64
#define LONGEST 8

typedef struct {
    int kind;
    const void *data;
    Py_ssize_t length;
} Text;

/* Beyond the end there is a zero. */
static inline Py_UCS4
at(const Text *text, Py_ssize_t place)
{
    return place < text->length ? PyUnicode_READ(text->kind, text->data, place) : 0;
}

/* ---------------------------------------------------------------------------------------------------- tables */

/* Names as numbers, ascending, each with what it stands for. */
typedef struct {
    const char *pairs;
    Py_ssize_t length;
} Table;

static inline uint64_t
number(const Table *table, Py_ssize_t place)
{
    uint64_t found;
    memcpy(&found, table->pairs + place * (Py_ssize_t)sizeof found, sizeof found);
    return found;
}

/* What a name stands for, 0 where it is not in the table. */
static uint64_t
meaning(const Table *table, uint64_t name)
{
    Py_ssize_t low = 0, high = table->length;
    while (low < high) {
        const Py_ssize_t middle = low + (high - low) / 2;
        const uint64_t here = number(table, 2 * middle);
        if (here == name)
            return number(table, 2 * middle + 1);
        if (here < name)
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static inline int
is_letter(Py_UCS4 c)
{
    return (c | 32) >= 'a' && (c | 32) <= 'z';
}

static inline int
is_digit(Py_UCS4 c)
{
    return c >= '0' && c <= '9';
}

/* The name of ASCII letters and digits that begins at `*place`, which goes behind it; 0 where there is none, or a longer one. `as_small` is
 * 32 for names that are the same in capitals. */
static uint64_t
name_at(const Text *text, Py_ssize_t *place, Py_UCS4 as_small)
{
    uint64_t name = 0;
    Py_ssize_t next = *place;
    Py_UCS4 c;
    if (!is_letter(at(text, next)))
        return 0;
    while (is_letter(c = at(text, next)) || is_digit(c)) {
        if (next - *place == LONGEST)
            return 0;
        name = name << 8 | (is_letter(c) ? c | as_small : c);
        next++;
    }
    *place = next;
    return name;
}

/* --------------------------------------------------------------------------------------------------- writing */

/* What has been written: where its last line begins, and what has ended since its last character. */
typedef struct {
    Py_UCS4 *said;
    Py_ssize_t length, line;
    int lines, paragraph;
} Out;

static inline int
is_blank(Py_UCS4 c)
{
    return c <= ' ' || c == 0x7f || c == 0xa0;
}

static void
begin_line(Out *out)
{
    if (out->length && (out->lines || out->paragraph))
        out->said[out->length++] = '\n';
    if (out->length && (out->lines > 1 || out->paragraph))
        out->said[out->length++] = '\n';
    out->line = out->length;
    out->lines = out->paragraph = 0;
}

static inline void
put(Out *out, Py_UCS4 c)
{
    const int starts = out->length == out->line;
    if (is_blank(c)) {
        if (!starts && out->said[out->length - 1] != ' ')
            out->said[out->length++] = ' ';
        return;
    }
    if (starts) {
        if (Py_UNICODE_ISSPACE(c))
            return;
        begin_line(out);
    }
    out->said[out->length++] = c;
}

/* A line begins with no blank, so that something is left of it. */
static void
end_line(Out *out)
{
    while (out->length > out->line && Py_UNICODE_ISSPACE(out->said[out->length - 1]))
        out->length--;
    out->line = out->length;
}

/* ------------------------------------------------------------------------------------------------ references */

static int
digit_of(Py_UCS4 c, int base)
{
    if (is_digit(c))
        return (int)(c - '0');
    return base == 16 && (c | 32) >= 'a' && (c | 32) <= 'f' ? (int)((c | 32) - 'a') + 10 : -1;
}

/* The character of a reference by number, `*place` behind its hash sign and then behind it; 0 where it is unfinished or odd. */
static Py_UCS4
numbered(const Text *text, Py_ssize_t *place)
{
    const int base = at(text, *place) == 'x' ? 16 : 10;
    const Py_ssize_t start = *place + (base == 16);
    Py_ssize_t next = start;
    Py_UCS4 code = 0;
    int digit;
    while (next - start < 5 && (digit = digit_of(at(text, next), base)) >= 0) {
        code = code * base + digit;
        next++;
    }
    const Py_ssize_t digits = next - start;
    if (at(text, next) != ';' || at(text, start) == '0')
        return 0;
    *place = next + 1;
    if (base == 10)
        return (code >= 32 && code <= 126) || (code >= 160 && code <= 49999) ? code : 0;
    if (digits == 2)
        return code >= 0x20 && code < 0x7f && (code & 15) != 15 ? code : 0;
    return digits == 4 && code <= 0xcfff ? code : 0;
}

/* What the ampersand before `*place` begins, `*place` behind it then; 0 where that is not plain. */
static Py_UCS4
referred(const Text *text, Py_ssize_t *place, const Table *references)
{
    const Py_UCS4 next = at(text, *place);
    if (*place == text->length || next == ' ' || next == '&' || next == ';')
        return '&';
    if (next == '#') {
        ++*place;
        return numbered(text, place);
    }
    const uint64_t name = name_at(text, place, 0);
    if (name == 0 || at(text, *place) != ';')
        return 0;
    ++*place;
    return (Py_UCS4)meaning(references, name);
}

/* ------------------------------------------------------------------------------------------------------ tags */

typedef struct {
    uint64_t names[DEEPEST];
    enum Kind kinds[DEEPEST];
    int depth;
} Stack;

static enum Kind
top_of(const Stack *stack)
{
    return stack->depth ? stack->kinds[stack->depth - 1] : NONE;
}

/* Opens or closes a block; 0 where an HTML parser would have to mend something. As `markup._nests`. */
static int
nests(Stack *stack, enum Kind kind, uint64_t name, int end)
{
    const int in_paragraph = top_of(stack) == PARAGRAPH;
    if (kind == PARAGRAPH && !end && in_paragraph)
        return 1;
    if (in_paragraph) /* it ends, or another block begins, or the block around it ends */
        stack->depth--;
    if (kind == PARAGRAPH && end)
        return 1;
    if (end) {
        if (top_of(stack) == ITEM && kind == LIST)
            stack->depth--;
        if (stack->depth == 0 || stack->names[stack->depth - 1] != name)
            return 0;
        stack->depth--;
        return 1;
    }
    const enum Kind top = top_of(stack);
    if (kind == ITEM && top == ITEM)
        return 1;
    if ((kind == ITEM && top != LIST) || (kind == HEADING && top == HEADING) || stack->depth == DEEPEST)
        return 0;
    stack->names[stack->depth] = name;
    stack->kinds[stack->depth++] = kind;
    return 1;
}

/* Behind the tag's end, `place` behind its name; -1 where it is not plain. */
static Py_ssize_t
behind_tag(const Text *text, Py_ssize_t place)
{
    const Py_UCS4 after = at(text, place);
    if (after == '>')
        return place + 1;
    if (after != ' ' && after != '/' && after != '\n' && after != '\t')
        return -1;
    int doubles = 0, singles = 0;
    for (; place < text->length; place++) {
        const Py_UCS4 c = at(text, place);
        doubles ^= c == '"';
        singles ^= c == '\'';
        if (c == '<' || (c == '&' && at(text, place + 1) == '#'))
            return -1;
        if (c == '>')
            return doubles || singles ? -1 : place + 1;
    }
    return -1;
}

/* Takes the tag whose name, or slash, is at `place`; where it is behind it, -1 where the fragment is not plain. */
static Py_ssize_t
take_tag(const Text *text, Py_ssize_t place, const Table *elements, Stack *stack, Out *out)
{
    const int end = at(text, place) == '/';
    place += end;
    const uint64_t name = name_at(text, &place, 32);
    const enum Kind kind = name ? (enum Kind)meaning(elements, name) : NONE;
    if (kind == NONE || (kind == LINE && end) || (place = behind_tag(text, place)) < 0)
        return -1;
    if (kind == INLINE)
        return place;
    if (kind != LINE && !nests(stack, kind, name, end))
        return -1;
    end_line(out);
    if (kind == LINE)
        out->lines += out->lines < 2;
    else
        out->paragraph = 1;
    return place;
}

/* ---------------------------------------------------------------------------------------------------- module */

/* Writes the text of the fragment; 0 where it is not plain. */
static int
write_plain(const Text *text, const Table *elements, const Table *references, Out *out)
{
    Stack stack = {.depth = 0};
    int tags = 0;
    for (Py_ssize_t place = 0; place < text->length;) {
        Py_UCS4 c = at(text, place++);
        if (c == '<') {
            if (tags++ == MOST_TAGS || (place = take_tag(text, place, elements, &stack, out)) < 0)
                return 0;
            continue;
        }
        if (c == '&' && (c = referred(text, &place, references)) == 0)
            return 0;
        put(out, c);
    }
    end_line(out);
    return 1;
}

PyDoc_STRVAR(plain_doc, "plain(markup, elements, references) -> str | None\n\n"
                        "The text of a plain fragment, None of any other. The tables are numbers of 64 bits in pairs, ascending: a name's bytes,\n"
                        "the first one topmost, and the kind of element, or the character, that it stands for.");

static PyObject *
plain(PyObject *self, PyObject *args)
{
    PyObject *markup, *found = NULL;
    Py_buffer elements, references;
    (void)self;
    if (!PyArg_ParseTuple(args, "Uy*y*", &markup, &elements, &references))
        return NULL;
    const Table by_name = {elements.buf, elements.len / 16}, by_reference = {references.buf, references.len / 16};
    const Text text = {PyUnicode_KIND(markup), PyUnicode_DATA(markup), PyUnicode_GET_LENGTH(markup)};
    /* A block's tag has three characters at least, and is two line ends at most. */
    Out out = {.said = PyMem_New(Py_UCS4, text.length)};
    if (out.said == NULL)
        PyErr_NoMemory();
    else if (write_plain(&text, &by_name, &by_reference, &out))
        found = PyUnicode_FromKindAndData(PyUnicode_4BYTE_KIND, out.said, out.length);
    else
        found = Py_NewRef(Py_None);
    PyMem_Free(out.said);
    PyBuffer_Release(&elements);
    PyBuffer_Release(&references);
    return found;
}

/* ------------------------------------------------------------------------------------------- text of elements */

/* The five references that XML itself knows. */
static const struct {
    const char *name;
    size_t length;
    char is;
} KNOWN[] = {{"quot;", 5, '"'}, {"amp;", 4, '&'}, {"lt;", 3, '<'}, {"gt;", 3, '>'}, {"apos;", 5, '\''}};

/* The character that the ampersand before `from` begins, `*from` behind it then; 0 where XML alone does not know. */
static char
known_at(const char **from, const char *end)
{
    for (size_t which = 0; which < sizeof KNOWN / sizeof *KNOWN; which++) {
        const size_t length = KNOWN[which].length;
        if ((size_t)(end - *from) >= length && memcmp(*from, KNOWN[which].name, length) == 0) {
            *from += length;
            return KNOWN[which].is;
        }
    }
    return 0;
}

/* Whether "]]>" stands there, which no text may hold. */
static int
closes_section(const char *from, const char *end)
{
    while (end - from > 2 && (from = memchr(from, ']', (size_t)(end - from - 2))) != NULL) {
        if (from[1] == ']' && from[2] == '>')
            return 1;
        from++;
    }
    return 0;
}

PyDoc_STRVAR(unescaped_doc, "unescaped(text) -> str | None\n\n"
                            "What an XML parser says that an element holds, of the bytes between its tags (UTF-8, and no tag among them); None where\n"
                            "only it can tell, or would refuse them.");

static PyObject *
unescaped(PyObject *self, PyObject *args)
{
    Py_buffer text;
    PyObject *found = NULL;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*", &text))
        return NULL;
    const char *from = text.buf, *const end = from + text.len;
    char *said = PyMem_Malloc(text.len ? (size_t)text.len : 1), *to = said;
    if (said == NULL)
        PyErr_NoMemory();
    else if (memchr(from, '\r', (size_t)text.len) != NULL || closes_section(from, end))
        found = Py_NewRef(Py_None);
    else {
        char is = 1;
        while (from < end && is) {
            const char *mark = memchr(from, '&', (size_t)(end - from));
            const size_t run = (size_t)((mark == NULL ? end : mark) - from);
            memcpy(to, from, run);
            to += run;
            from += run;
            if (mark != NULL) {
                from++;
                is = known_at(&from, end);
                *to++ = is;
            }
        }
        found = is ? PyUnicode_DecodeUTF8(said, to - said, "strict") : Py_NewRef(Py_None);
    }
    PyMem_Free(said);
    PyBuffer_Release(&text);
    return found;
}

static PyMethodDef methods[] = {
    {"unescaped", unescaped, METH_VARARGS, unescaped_doc},
    {"plain", plain, METH_VARARGS, plain_doc},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "monitor.sources._markup", .m_doc = "Plain HTML fragments to text.", .m_size = 0, .m_methods = methods,
};

PyMODINIT_FUNC
PyInit__markup(void)
{
    return PyModuleDef_Init(&module);
}
