package intake

import "bytes"

// compact leaves out what is empty of a JSON text as json.Marshal writes it: it reads back the same, and most fields of most records are empty.
func compact(src []byte) []byte {
	dst := make([]byte, 0, len(src)/2)
	var in []byte // the containers that are open
	key := false  // a key may follow
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case c == '"' && key:
			end := i + 1 + bytes.IndexByte(src[i+1:], '"') + 1 // keys have no escapes
			if n := emptyValue(src[end+1:]); n > 0 {
				i = end + n // at the last byte of the value
				if i+1 < len(src) && src[i+1] == ',' {
					i++
				} else {
					dst = bytes.TrimSuffix(dst, []byte(","))
				}
				continue
			}
			dst = append(dst, src[i:end+1]...)
			i, key = end, false
		case c == '"':
			end := i + 1
			for src[end] != '"' {
				if src[end] == '\\' {
					end++
				}
				end++
			}
			dst = append(dst, src[i:end+1]...)
			i = end
		default:
			switch c {
			case '{', '[':
				in = append(in, c)
			case '}', ']':
				in = in[:len(in)-1]
			}
			key = c == '{' || c == ',' && len(in) > 0 && in[len(in)-1] == '{'
			dst = append(dst, c)
		}
	}
	return dst
}

// emptyValue returns the length of the value that begins here if it is an empty one, else 0.
func emptyValue(s []byte) int {
	for _, v := range []string{`""`, `0`, `null`, `false`, `"0001-01-01T00:00:00Z"`} {
		if len(s) > len(v) && string(s[:len(v)]) == v && (s[len(v)] == ',' || s[len(v)] == '}') {
			return len(v)
		}
	}
	return 0
}
