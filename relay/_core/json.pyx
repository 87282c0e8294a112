"""JSON without objects: where the values of known paths lie in one text.

In: a complete JSON text. Out: slices of raw values. The whole text is validated by RFC 8259 as it is walked (UTF-8 and
surrogate pairs are not looked at); anything else raises ProtocolError with the byte offset, nesting over the limit
LimitExceeded("depth"). Linear; the stack is bounded by `max_depth`.
"""

cimport cython
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeUTF8
from libc.stdlib cimport calloc, free
from libc.string cimport memchr, memcmp, memset

from relay._core.text cimport skip_plain, skip_space
from relay._core.types cimport Slice

from json import loads as _loads

from relay._core.errors import LimitExceeded, ProtocolError

cdef enum:
    NOWHERE = -1                  # a node that no path goes through
    MAX_KEY = 256                 # longest key with escapes that can be one of ours


cdef inline bint _is_hex(char c) noexcept nogil:
    return c"0" <= c <= c"9" or c"a" <= c <= c"f" or c"A" <= c <= c"F"


cdef const char* string_end(const char* ptr, const char* end) noexcept nogil:
    """Give the closing quote of the string whose inside starts at `ptr`; NULL when there is none or it is wrong."""
    while True:
        ptr = skip_plain(ptr, end)
        if ptr == end:
            return NULL
        if ptr[0] == c'"':
            return ptr
        if ptr[0] != c"\\":
            return NULL
        ptr = _escape(ptr, end)
        if ptr == NULL:
            return NULL


cdef inline const char* _escape(const char* ptr, const char* end) noexcept nogil:
    """Give what follows the escape at `ptr`; NULL when it is none."""
    if end - ptr < 2:
        return NULL
    if ptr[1] == c"u":
        if end - ptr < 6 or not (_is_hex(ptr[2]) and _is_hex(ptr[3]) and _is_hex(ptr[4]) and _is_hex(ptr[5])):
            return NULL
        return ptr + 6
    if memchr(b'"\\/bfnrt', ptr[1], 8) == NULL:
        return NULL
    return ptr + 2


cdef inline const char* _digits(const char* ptr, const char* end) noexcept nogil:
    while ptr < end and c"0" <= ptr[0] <= c"9":
        ptr += 1
    return ptr


cdef const char* _number(const char* ptr, const char* end) noexcept nogil:
    """Give the end of the number at `ptr`; NULL when its grammar is broken."""
    cdef const char* start
    if ptr[0] == c"-":
        ptr += 1
    start = ptr
    ptr = _digits(ptr, end)
    if ptr == start or (start[0] == c"0" and ptr - start > 1):
        return NULL
    if ptr < end and ptr[0] == c".":
        start = ptr + 1
        ptr = _digits(start, end)
        if ptr == start:
            return NULL
    if ptr < end and (ptr[0] == c"e" or ptr[0] == c"E"):
        ptr += 1
        if ptr < end and (ptr[0] == c"+" or ptr[0] == c"-"):
            ptr += 1
        start = ptr
        ptr = _digits(start, end)
        if ptr == start:
            return NULL
    return ptr


cdef inline const char* _literal(const char* ptr, const char* end) noexcept nogil:
    if end - ptr >= 4 and (memcmp(ptr, b"true", 4) == 0 or memcmp(ptr, b"null", 4) == 0):
        return ptr + 4
    if end - ptr >= 5 and memcmp(ptr, b"false", 5) == 0:
        return ptr + 5
    return NULL


cdef const char* _value(Walk* walk, const char* ptr, int node) noexcept nogil:
    """Walk the value at `ptr`; give its end, or NULL with `walk.bad` set (depth: `walk.depth` below 0)."""
    cdef const char* stop
    if ptr == walk.end:
        walk.bad = ptr
        return NULL
    if ptr[0] == c'"':
        stop = string_end(ptr + 1, walk.end)
        if stop != NULL:
            return stop + 1
    elif ptr[0] == c"{" or ptr[0] == c"[":
        walk.depth -= 1
        if walk.depth < 0:
            walk.bad = ptr
            return NULL
        stop = _object(walk, ptr + 1, node) if ptr[0] == c"{" else _array(walk, ptr + 1)
        if stop != NULL:
            walk.depth += 1
        return stop
    elif ptr[0] == c"-" or c"0" <= ptr[0] <= c"9":
        stop = _number(ptr, walk.end)
    else:
        stop = _literal(ptr, walk.end)
    if stop == NULL:
        walk.bad = ptr
    return stop


cdef const char* _array(Walk* walk, const char* ptr) noexcept nogil:
    ptr = skip_space(ptr, walk.end)
    if ptr < walk.end and ptr[0] == c"]":
        return ptr + 1
    while True:
        ptr = _value(walk, skip_space(ptr, walk.end), NOWHERE)
        if ptr == NULL:
            return NULL
        ptr = skip_space(ptr, walk.end)
        if ptr == walk.end or (ptr[0] != c"," and ptr[0] != c"]"):
            walk.bad = ptr
            return NULL
        if ptr[0] == c"]":
            return ptr + 1
        ptr += 1


cdef const char* _object(Walk* walk, const char* ptr, int node) noexcept nogil:
    cdef const char* start
    cdef const char* stop
    cdef int child
    ptr = skip_space(ptr, walk.end)
    if ptr < walk.end and ptr[0] == c"}":
        return ptr + 1
    while True:
        start = skip_space(ptr, walk.end)
        stop = string_end(start + 1, walk.end) if start < walk.end and start[0] == c'"' else NULL
        if stop == NULL:
            walk.bad = start
            return NULL
        child = _child(walk, node, start + 1, stop - start - 1) if node != NOWHERE else NOWHERE
        ptr = skip_space(stop + 1, walk.end)
        if ptr == walk.end or ptr[0] != c":":
            walk.bad = ptr
            return NULL
        start = skip_space(ptr + 1, walk.end)
        if child != NOWHERE:
            _forget(walk, child)
        ptr = _value(walk, start, child)
        if ptr == NULL:
            return NULL
        if child != NOWHERE and walk.nodes[child].slot >= 0:
            walk.slots[walk.nodes[child].slot] = Slice(start, ptr - start)
        ptr = skip_space(ptr, walk.end)
        if ptr == walk.end or (ptr[0] != c"," and ptr[0] != c"}"):
            walk.bad = ptr
            return NULL
        if ptr[0] == c"}":
            return ptr + 1
        ptr += 1


cdef void _forget(Walk* walk, int node) noexcept nogil:
    """Empty the slots below a node: of duplicate keys the last wins, with all that is in it."""
    cdef int at
    if walk.nodes[node].slot >= 0:
        walk.slots[walk.nodes[node].slot] = Slice(NULL, 0)
    for at in range(walk.nodes[node].first, walk.nodes[node].first + walk.nodes[node].count):
        _forget(walk, walk.edges[at].node)


cdef int _child(Walk* walk, int node, const char* key, Py_ssize_t size) noexcept nogil:
    """Give the node under `node` that this key leads to, escapes in it resolved; NOWHERE when none."""
    cdef char[MAX_KEY] plain
    cdef Edge* edge
    cdef int at
    if size and memchr(key, c"\\", <size_t>size) != NULL:
        size = _unescaped(key, size, plain)
        key = plain
    for at in range(walk.nodes[node].first, walk.nodes[node].first + walk.nodes[node].count):
        edge = &walk.edges[at]
        if edge.len == size and memcmp(edge.key, key, <size_t>size) == 0:
            return edge.node
    return NOWHERE


cdef Py_ssize_t _unescaped(const char* key, Py_ssize_t size, char* out) noexcept nogil:
    """Resolve the escapes of a key as far as our keys (ASCII) need it; -1 when it can't be one of ours."""
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t used = 0
    cdef int code
    if size > MAX_KEY:
        return -1
    while at < size:
        if key[at] != c"\\":
            out[used] = key[at]
            at += 1
        elif key[at + 1] == c"u":
            code = _hex(key[at + 2]) << 12 | _hex(key[at + 3]) << 8 | _hex(key[at + 4]) << 4 | _hex(key[at + 5])
            if code > 0x7F:
                return -1
            out[used] = <char>code
            at += 6
        else:
            if key[at + 1] != c"/":
                return -1
            out[used] = c"/"
            at += 2
        used += 1
    return used


cdef inline int _hex(char c) noexcept nogil:
    return <int>(c - c"0" if c <= c"9" else (c | 0x20) - c"a" + 10)


@cython.final
cdef class Scanner:
    """Where the values of some paths lie in a JSON text.

    paths       dotted object keys, `message.usage.input_tokens`; arrays are not entered
    max_depth   deepest nesting taken
    """

    def __cinit__(self, paths, int max_depth=128):
        cdef list tree = [[-1, {}]]
        for slot, path in enumerate(paths):
            node = 0
            for key in path.encode().split(b"."):
                if key not in tree[node][1]:
                    tree[node][1][key] = len(tree)
                    tree.append([-1, {}])
                node = tree[node][1][key]
            tree[node][0] = slot
        self.size = <int>len(paths)
        self._max_depth = max_depth
        self._compile(tree)

    cdef _compile(self, list tree):
        """Lay the tree out as two flat tables."""
        cdef int at = 0
        cdef int index
        self._keys = []
        self._nodes = <Node*>calloc(<size_t>len(tree), sizeof(Node))
        self._edges = <Edge*>calloc(<size_t>len(tree), sizeof(Edge))
        if self._nodes == NULL or self._edges == NULL:
            raise MemoryError()
        for index, (slot, edges) in enumerate(tree):
            self._nodes[index] = Node(at, <int>len(edges), slot)
            for key, child in edges.items():
                self._keys.append(key)
                self._edges[at] = Edge(PyBytes_AS_STRING(key), PyBytes_GET_SIZE(key), child)
                at += 1

    def __dealloc__(self):
        free(self._nodes)
        free(self._edges)

    def scan(self, bytes data not None) -> list[tuple[int, int] | None]:
        """Give (start, end) of each path's raw value, None where it is absent; the last of duplicates wins."""
        cdef Slice text = Slice(PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))
        cdef Slice* slots = <Slice*>calloc(<size_t>(self.size + 1), sizeof(Slice))
        if slots == NULL:
            raise MemoryError()
        try:
            self.scan_into(text, slots)
            return [
                (slots[at].ptr - text.ptr, slots[at].ptr - text.ptr + slots[at].len) if slots[at].ptr != NULL else None
                for at in range(self.size)
            ]
        finally:
            free(slots)

    cdef int scan_into(self, Slice text, Slice* slots) except -1 nogil:
        """Fill `slots` (one per path, NULL where absent); raise when the text is no JSON."""
        cdef Py_ssize_t offset = self.find(text, slots)
        if offset == 0:
            return 0
        with gil:
            if offset == -1:
                raise LimitExceeded("depth")
            raise ProtocolError(f"invalid JSON at byte {offset - 1}")

    cdef Py_ssize_t find(self, Slice text, Slice* slots) noexcept nogil:
        """Fill `slots`; give 0, or 1 + the offset of what is wrong, or -1 when nested too deeply."""
        cdef Walk walk
        cdef const char* ptr
        self._begin(&walk, text.ptr + text.len, slots)
        ptr = _value(&walk, skip_space(text.ptr, walk.end), 0)
        if ptr != NULL:
            ptr = skip_space(ptr, walk.end)
            if ptr == walk.end:
                return 0
            walk.bad = ptr
        elif walk.depth < 0:
            return -1
        return walk.bad - text.ptr + 1

    cdef const char* find_in_value(self, const char* ptr, const char* end, Slice* slots) noexcept nogil:
        """Fill `slots` from the value at `ptr`; give its end, NULL when it is none or nested too deeply."""
        cdef Walk walk
        self._begin(&walk, end, slots)
        return _value(&walk, ptr, 0)

    cdef void _begin(self, Walk* walk, const char* end, Slice* slots) noexcept nogil:
        walk[0] = Walk(end, NULL, self._max_depth, self._edges, self._nodes, slots)
        memset(slots, 0, <size_t>self.size * sizeof(Slice))


cdef const char* value_end(const char* ptr, const char* end, int depth) noexcept nogil:
    """Give the end of the value at `ptr`; NULL when it is none, or goes deeper than `depth` levels."""
    cdef Walk walk
    walk.end = end
    walk.depth = depth
    return _value(&walk, ptr, NOWHERE)


def members(bytes data not None, int max_depth=64) -> list[tuple[str, int, int, int, int]]:
    """Give the members of a JSON object in order: (key, start, end, start of value, end of value), duplicates included.

    raises   ProtocolError when `data` is no JSON object; LimitExceeded("depth")
    """
    cdef const char* base = PyBytes_AS_STRING(data)
    cdef Walk walk
    cdef const char* ptr
    cdef const char* key
    cdef const char* stop
    cdef list out = []
    walk.end = base + PyBytes_GET_SIZE(data)
    walk.bad = NULL
    walk.depth = max_depth - 1
    ptr = skip_space(base, walk.end)
    if ptr == walk.end or ptr[0] != c"{":
        raise ProtocolError("a JSON object was expected at byte 0")
    ptr = skip_space(ptr + 1, walk.end)
    if ptr < walk.end and ptr[0] == c"}":
        return _only_space(base, ptr + 1, walk.end, out)
    while True:
        key = skip_space(ptr, walk.end)
        stop = string_end(key + 1, walk.end) if key < walk.end and key[0] == c'"' else NULL
        if stop == NULL:
            raise ProtocolError(f"invalid JSON at byte {key - base}")
        ptr = skip_space(stop + 1, walk.end)
        if ptr == walk.end or ptr[0] != c":":
            raise ProtocolError(f"invalid JSON at byte {ptr - base}")
        ptr = skip_space(ptr + 1, walk.end)
        name = string_text(Slice(key, stop - key + 1))
        stop = _value(&walk, ptr, NOWHERE)
        if stop == NULL:
            if walk.depth < 0:
                raise LimitExceeded("depth")
            raise ProtocolError(f"invalid JSON at byte {walk.bad - base}")
        out.append((name, key - base, stop - base, ptr - base, stop - base))
        ptr = skip_space(stop, walk.end)
        if ptr == walk.end or (ptr[0] != c"," and ptr[0] != c"}"):
            raise ProtocolError(f"invalid JSON at byte {ptr - base}")
        if ptr[0] == c"}":
            return _only_space(base, ptr + 1, walk.end, out)
        ptr += 1


cdef str string_text(Slice value):
    """Decode a JSON string, quotes included, with U+FFFD for half a surrogate pair; None when it is none."""
    if value.ptr == NULL or value.ptr[0] != c'"':
        return None
    if memchr(value.ptr, c"\\", <size_t>value.len) == NULL:
        return PyUnicode_DecodeUTF8(value.ptr + 1, value.len - 2, "replace")
    text = _loads(PyBytes_FromStringAndSize(value.ptr, value.len).decode("utf-8", "replace"))
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


cdef list _only_space(const char* base, const char* ptr, const char* end, list out):
    ptr = skip_space(ptr, end)
    if ptr != end:
        raise ProtocolError(f"invalid JSON at byte {ptr - base}")
    return out
