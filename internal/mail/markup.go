package mail

import (
	"regexp"
	"strconv"
	"strings"
)

// numberLength bounds the digits of a list number, so that "2026. " at the start of a sentence is no list.
const numberLength = 3

type blockKind uint8

const (
	paragraph blockKind = iota
	heading
	value
	bullets
	numbers
)

// block is one piece of a body. A paragraph has one entry for each of its lines, a list one for each item.
type block struct {
	kind  blockKind
	first int // of numbers
	lines []string
}

// parse never fails: what is not a mark is text.
func parse(body string) []block {
	var blocks []block
	open := false // whether the next line may go on in the last block
	for line := range strings.Lines(strings.ReplaceAll(body, "\r\n", "\n")) {
		line = strings.TrimSpace(line)
		if line == "" {
			open = false
			continue
		}
		kind, number, text := classify(line)
		if joins := kind != heading && kind != value; open && joins && blocks[len(blocks)-1].kind == kind {
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, text)
			continue
		}
		blocks = append(blocks, block{kind: kind, first: number, lines: []string{text}})
		open = true
	}
	return blocks
}

func classify(line string) (kind blockKind, number int, text string) {
	mark := markLength(line)
	if mark == 0 || mark == len(line) {
		return paragraph, 0, line
	}
	text = strings.TrimSpace(line[mark:])
	switch line[0] {
	case '#':
		return heading, 0, text
	case '>':
		return value, 0, text
	case '-':
		return bullets, 0, text
	}
	number, err := strconv.Atoi(line[:mark-1])
	if err != nil {
		return paragraph, 0, line
	}
	return numbers, number, text
}

// Text writes body, in the markup that HTML describes, for people who read mail without HTML: blocks apart by a blank line, values
// on a line of their own and set in, lists with their marks, addresses as they are. Lines are not wrapped.
func Text(body string) string {
	var b strings.Builder
	for i, block := range parse(body) {
		if i > 0 {
			b.WriteByte('\n')
		}
		for j, line := range block.lines {
			switch block.kind {
			case value:
				b.WriteString("    ")
			case bullets:
				b.WriteString("- ")
			case numbers:
				b.WriteString(strconv.Itoa(block.first+j) + ". ")
			}
			b.WriteString(line)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

var webAddress = regexp.MustCompile(`https?://[^\s<>"“”«»]+`)

// span is a stretch of a line; link spans are web addresses.
type span struct {
	text string
	link bool
}

// spans finds the web addresses in a line. Punctuation that ends a sentence is not part of one.
func spans(line string) []span {
	var out []span
	done := 0
	for _, at := range webAddress.FindAllStringIndex(line, -1) {
		end := at[0] + len(strings.TrimRight(line[at[0]:at[1]], `.,;:!?)]}'’…`))
		if strings.HasSuffix(line[at[0]:end], "/") && end-at[0] <= len("https://") {
			continue // a scheme and nothing behind it
		}
		if at[0] > done {
			out = append(out, span{text: line[done:at[0]]})
		}
		out = append(out, span{text: line[at[0]:end], link: true})
		done = end
	}
	if done < len(line) {
		out = append(out, span{text: line[done:]})
	}
	return out
}
