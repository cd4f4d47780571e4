"""How objects travel between two processes: pickled through a socket, the memory of large arrays as nameless files.

A large array is written into a *memfd*: a file in memory without a name. Its descriptor travels through the socket, and the receiver
maps it, so the bytes are copied once and never read. A file without a name cannot be left behind: the kernel frees it when the last process that
knows it closes it, unmaps it or dies, and a descriptor that still lies in a socket goes with the socket.

Where there is no memfd (macOS, Windows), everything is pickled.

Sources: memfd_create(2), unix(7) under SCM_RIGHTS; PEP 574, pickle protocol 5 with out-of-band data, https://peps.python.org/pep-0574/
"""

import contextlib
import io
import os
import pickle
import struct
import sys
import weakref

import numpy as np

from ....core.device import device, namespace, to_host
from ....core.errors import error
from ....core.tensor import Tensor, wrap

_LARGE = 2**15  # bytes: below this, copying costs less than a file
_MOST_FILES = 200  # the kernel passes 253 descriptors with one message
_MOST_MAPPED = 256  # a mapping keeps a descriptor, and a process may have as few as 1024; batches beyond these are copied
_HAS_FILES = sys.platform == "linux"
_HEADER = struct.Struct("=QI")  # length of the pickle, number of files

_mapped = weakref.WeakSet()
_open = weakref.WeakSet()  # the channels of this process


class Channel:
    """One end of a connected pair of sockets."""

    def __init__(self, sock):
        self.socket = sock
        _open.add(self)

    def fileno(self):
        """The socket's descriptor; that is what waiting for a channel needs."""
        return self.socket.fileno()

    def send(self, message):
        """Send any object that can be pickled.  Errors: what pickling raises, before anything is sent; OSError if the other end is gone."""
        files = []
        try:
            payload = _pickled(message, files)
            header = _HEADER.pack(len(payload), len(files))
            if files:
                import socket  # here: loading it takes milliseconds, and most programs have no workers

                socket.send_fds(self.socket, [header], files)
            else:
                self.socket.sendall(header)
            self.socket.sendall(payload)
        finally:
            for file in files:
                os.close(file)

    def receive(self):
        """The next object.  Errors: EOFError if the other end is gone, also in the middle of an object."""
        files = []
        try:
            length, count = _HEADER.unpack(self._header(files))
            payload = bytearray(length)
            self._fill(memoryview(payload))
            if count > len(files):
                raise error("files_lost")
            return pickle.loads(payload, buffers=[_memory_of(file) for file in files])
        except ConnectionError:
            raise EOFError from None
        finally:
            for file in files:
                os.close(file)

    def _header(self, files):
        """The bytes of the header; descriptors that come with it are appended to ``files``."""
        if not _HAS_FILES:
            header = bytearray(_HEADER.size)
            self._fill(memoryview(header))
            return header
        import socket  # here: see above

        header, found, _, _ = socket.recv_fds(self.socket, _HEADER.size, _MOST_FILES, socket.MSG_CMSG_CLOEXEC | socket.MSG_WAITALL)
        files += found
        if len(header) < _HEADER.size:
            raise EOFError
        return header

    def _fill(self, view):
        while view:
            count = self.socket.recv_into(view)
            if not count:
                raise EOFError
            view = view[count:]

    def hang_up(self):
        """End the connection for all processes that hold a copy of this end: the other side reads its end, and cannot send any more."""
        with contextlib.suppress(OSError):  # the other process may be gone
            self.socket.shutdown(2)
        self.close()

    def close(self):
        """Close this process's copy of this end."""
        self.socket.close()


def close_inherited():
    """In a process that was just forked: close its copies of its parent's channels, so that they end when the parent ends them."""
    for channel in list(_open):
        channel.close()
    _open.clear()


class _Pickler(pickle.Pickler):
    """Tensors by their memory. PyTorch's, too, arrive without their Python attributes and gradients."""

    def reducer_override(self, value):
        if not isinstance(value, Tensor):
            return NotImplemented
        if not value.is_leaf:
            raise error("tensor_crossing")
        array, order = to_host(value._a), list(range(value.ndim))
        if not array.flags.c_contiguous:
            order.sort(key=lambda dim: -array.strides[dim])
        dense = np.asarray(array.transpose(order), order="C")
        if not dense.flags.writeable:
            dense = dense.copy()
        special = dense.dtype if dense.dtype.kind == "V" else None  # NumPy has no way to hand over the memory of bfloat16
        dense = dense.view(np.uint16) if special else dense
        return _unpacked, (type(value), dense, special, np.argsort(order).tolist(), str(value.device), value._rg)


def _unpacked(cls, dense, special, order, device_name, requires_grad):
    """The tensor, with the strides that it had."""
    array = (dense.view(special) if special else dense).transpose(order)
    if device_name != "cpu":
        place = device(device_name)
        array = namespace(array).to_device(array, place.index)
    tensor = wrap(array, cls)
    tensor._rg = requires_grad
    return tensor


def _pickled(message, files):
    """The pickle of ``message``; the memory of its large arrays goes into new ``files``."""

    def stays_inside(buffer):
        view = buffer.raw()
        if view.nbytes < _LARGE or len(files) == _MOST_FILES or not _HAS_FILES:
            return True
        try:
            file = os.memfd_create("lesson_lib")
        except OSError:  # forbidden, or too many open files
            return True
        files.append(file)
        while view:
            view = view[os.write(file, view) :]
        return False

    stream = io.BytesIO()
    _Pickler(stream, 5, buffer_callback=stays_inside).dump(message)
    return stream.getbuffer()


def _memory_of(file):
    """The bytes of a file, as memory that can be written to."""
    size = os.fstat(file).st_size
    if len(_mapped) < _MOST_MAPPED:
        import mmap  # here: only Linux comes this way

        memory = mmap.mmap(file, size, mmap.MAP_SHARED | mmap.MAP_POPULATE)
        _mapped.add(memory)
        return memory
    memory = np.empty(size, np.uint8)
    read = 0
    while read < size:
        read += os.preadv(file, [memory[read:]], read)
    return memory
