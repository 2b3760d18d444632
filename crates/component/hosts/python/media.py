"""Media in a folder, for a component: one opener at a time, a limit on bytes, and a count of what was asked."""

import os

from component import Refusal


class Folder:
    def __init__(self, path):
        self.path = path
        self.open_files = {}
        self.limit_bytes = None
        self.counts = {"read": 0, "write": 0, "sync": 0}

    def open(self, name):
        if any(name == other for other, _ in self.open_files.values()):
            raise Refusal("locked", "it is open here")
        number = 1 + max(self.open_files, default=0)
        descriptor = os.open(os.path.join(self.path, name), os.O_RDWR | os.O_CREAT)
        self.open_files[number] = (name, descriptor)
        return number

    def close(self, number):
        os.close(self.open_files.pop(number)[1])

    def size(self, number):
        return os.fstat(self.open_files[number][1]).st_size

    def set_size(self, number, size):
        self.room(size)
        os.ftruncate(self.open_files[number][1], size)

    def read(self, number, offset, length):
        self.counts["read"] += 1
        return os.pread(self.open_files[number][1], length, offset)

    def write(self, number, offset, content):
        self.counts["write"] += 1
        self.room(offset + len(content))
        os.pwrite(self.open_files[number][1], content, offset)

    def sync(self, number):
        self.counts["sync"] += 1
        os.fsync(self.open_files[number][1])

    def room(self, size):
        if self.limit_bytes is not None and size > self.limit_bytes:
            raise Refusal("full", f"{self.limit_bytes} bytes are all there is")
