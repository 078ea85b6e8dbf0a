package help

import "strings"

// Piece is a part of a passage; a hit is one of the words that were searched for.
type Piece struct {
	Text string
	Hit  bool
}

// longestPassage is how much of an article a result shows, in bytes, where it is cut.
const longestPassage = 220

// passage returns the part of a document where the most of the stems stand together, the summary if there is none.
func (d *document) passage(stems map[string]bool) []Piece {
	from, to := 0, 0 // tokens
	best := -1
	there := map[string]int{}
	for first, last := 0, 0; last < len(d.at); last++ {
		if stems[d.at[last].stem] {
			there[d.at[last].stem]++
		}
		for d.at[last].end-d.at[first].start > longestPassage {
			if s := d.at[first].stem; stems[s] {
				if there[s]--; there[s] == 0 {
					delete(there, s)
				}
			}
			first++
		}
		if len(there) > best {
			best, from, to = len(there), first, last
		}
	}
	if len(d.at) == 0 {
		return []Piece{{Text: d.article.Summary}}
	}
	for best > 0 && !stems[d.at[from].stem] { // what comes before the first hit must make room for what comes after the last
		from++
	}
	if best == 0 {
		from, to = 0, 0
	}
	from, to = d.widen(from, to)
	return d.pieces(from, to, stems)
}

// widen lets the passage begin with its sentence or block if that is near, and go on as far as there is room.
func (d *document) widen(from, to int) (int, int) {
	for from > 0 && d.at[to].end-d.at[from-1].start <= longestPassage && !strings.ContainsAny(d.text[d.at[from-1].end:d.at[from].start], ".!?\n") {
		from--
	}
	for to+1 < len(d.at) && d.at[to+1].end-d.at[from].start <= longestPassage && !strings.Contains(d.text[d.at[to].end:d.at[to+1].start], "\n") {
		to++
	}
	return from, to
}

func (d *document) pieces(from, to int, stems map[string]bool) []Piece {
	var all []Piece
	add := func(text string, hit bool) {
		text = strings.ReplaceAll(text, "\n", " · ")
		switch {
		case text == "":
		case len(all) > 0 && all[len(all)-1].Hit == hit:
			all[len(all)-1].Text += text
		default:
			all = append(all, Piece{text, hit})
		}
	}
	start := int(d.at[from].start)
	if from > 0 && !strings.ContainsAny(d.text[d.at[from-1].end:start], ".!?\n") {
		add("… ", false)
	}
	for _, t := range d.at[from : to+1] {
		add(d.text[start:t.start], false)
		add(d.text[t.start:t.end], stems[t.stem])
		start = int(t.end)
	}
	end := len(d.text)
	if to+1 < len(d.at) {
		end = int(d.at[to+1].start)
	}
	// The full stop belongs to it; what follows the next blank does not.
	rest, _, cut := strings.Cut(d.text[start:end], "\n")
	rest = strings.TrimRight(rest, " ")
	add(rest, false)
	if to+1 < len(d.at) && !cut && !strings.ContainsAny(rest, ".!?") {
		add(" …", false)
	}
	return all
}
