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
			if string(src[i:end]) == valuesKey && src[end+1] == '{' {
				end = objectEnd(src, end+1)
			}
			dst = append(dst, src[i:end+1]...)
			i, key = end, false
		case c == '"':
			end := textEnd(src, i)
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

// valuesKey is of what a roster says of fields set by hand (roster's FileValues): that it says nothing of a field is something there.
const valuesKey = `"FileValues"`

// textEnd returns the place of the quote that ends the text beginning at a quote.
func textEnd(src []byte, at int) int {
	end := at + 1
	for src[end] != '"' {
		if src[end] == '\\' {
			end++
		}
		end++
	}
	return end
}

// objectEnd returns the place of the brace that ends the object of texts beginning at a brace.
func objectEnd(src []byte, at int) int {
	for at++; src[at] != '}'; at++ {
		if src[at] == '"' {
			at = textEnd(src, at)
		}
	}
	return at
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
