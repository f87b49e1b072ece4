/* What the loops in C share. */
#ifndef MONITOR_NATIVE_H
#define MONITOR_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

/* Whether items of `size` bytes may be read where a buffer begins: at a multiple of the numbers that they are made of, which have up to
 * eight bytes. */
static inline int
is_aligned(const void *start, Py_ssize_t size)
{
    return ((uintptr_t)start & (uintptr_t)((size & -size) - 1) & (sizeof(uint64_t) - 1)) == 0;
}

/* A contiguous buffer of `size` bytes an item; -1 with an exception where it is none. */
static int
take(PyObject *from, Py_buffer *view, Py_ssize_t size, int writable)
{
    if (PyObject_GetBuffer(from, view, writable ? PyBUF_WRITABLE : PyBUF_SIMPLE) < 0)
        return -1;
    if (view->len % size) {
        PyBuffer_Release(view);
        PyErr_SetString(PyExc_ValueError, "a buffer of another kind of item");
        return -1;
    }
    if (view->len && !is_aligned(view->buf, size)) {
        PyBuffer_Release(view);
        PyErr_SetString(PyExc_ValueError, "a buffer that does not begin where an item may");
        return -1;
    }
    return 0;
}

#endif
