/* What the loops in C share. */
#ifndef MONITOR_NATIVE_H
#define MONITOR_NATIVE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

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
    return 0;
}

#endif
