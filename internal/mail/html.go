package mail

import (
	"html"
	"regexp"
	"strconv"
	"strings"
)

// Inline styles are what every mail program keeps; the style element adds the dark palette where it is understood.
const (
	styleBody    = "margin:0;padding:0;background-color:#f6f3ee;color:#221f1a"
	styleArticle = "max-width:34em;margin:0 auto;padding:24px 16px;background-color:#fffdf9;color:#221f1a;" +
		"font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;font-size:17px;line-height:1.5;" +
		"overflow-wrap:anywhere"
	styleBrand     = "margin:0 0 16px;font-size:15px;color:#5a5347"
	styleTitle     = "margin:0 0 16px;font-size:22px;line-height:1.3"
	styleHeading   = "margin:24px 0 8px;font-size:18px;line-height:1.3"
	styleParagraph = "margin:0 0 16px"
	styleList      = "margin:0 0 16px;padding:0 0 0 28px"
	styleItem      = "margin:0 0 8px"
	styleValue     = "margin:0 0 16px;padding:12px 16px;border:1px solid #b9b0a0;border-radius:6px;background-color:#f1ede4;" +
		"color:#221f1a;font-family:ui-monospace,Consolas,Menlo,'DejaVu Sans Mono',monospace;font-size:22px;line-height:1.4"
	styleLink = "color:#0b4a8f"

	darkStyle = `:root{color-scheme:light dark;supported-color-schemes:light dark}` +
		`@media (prefers-color-scheme:dark){` +
		`.page,.card{background-color:#1b1916!important;color:#f2ede4!important}` +
		`.brand{color:#c4bbab!important}` +
		`.value{background-color:#2a2722!important;color:#fffdf9!important;border-color:#7a7263!important}` +
		`a{color:#9cc7ff!important}}`
)

// HTML writes a whole, self-contained HTML mail: inline styles, nothing fetched from elsewhere, readable by a screen reader (an
// article with its language, the subject as its title), light or dark as the reader's device is. brand is the name above the
// letter and may be empty. subject, brand and body are text: all of it is escaped.
//
// The markup of body, line by line:
//
//	# Text      a small heading
//	1. Text     an item of a numbered list; it counts on from the first item's number
//	- Text      an item of a bullet list
//	> Text      a value to be read exactly, such as a temporary password: large, monospaced, never a link
//	anything    a line of a paragraph; line breaks are kept
//
// A blank line ends a paragraph or a list. A bare http or https address in a paragraph, heading or item becomes a link. There is
// nothing else: no emphasis, no escapes, no HTML.
func HTML(subject, lang, body, brand string) string {
	subject, brand = clean(subject, headerLength), clean(brand, headerLength)
	attrs := ` dir="` + direction(lang) + `"`
	if tag := languageTag(lang); tag != "" {
		attrs = ` lang="` + tag + `"` + attrs
	}
	var b strings.Builder
	b.WriteString("<!doctype html>\n<html" + attrs + ">\n<head>\n<meta charset=\"utf-8\">\n" +
		"<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n" +
		"<meta name=\"color-scheme\" content=\"light dark\">\n<meta name=\"supported-color-schemes\" content=\"light dark\">\n" +
		"<title>" + html.EscapeString(subject) + "</title>\n<style>" + darkStyle + "</style>\n</head>\n")
	b.WriteString(`<body class="page" style="` + styleBody + "\">\n")
	b.WriteString(`<div class="card" role="article" aria-roledescription="email" aria-label="` + html.EscapeString(subject) + `"` +
		attrs + ` style="` + styleArticle + "\">\n")
	if brand != "" {
		writeElement(&b, "p", "brand", styleBrand, html.EscapeString(brand))
	}
	if subject != "" {
		writeElement(&b, "h1", "", styleTitle, html.EscapeString(subject))
	}
	for _, block := range parse(body) {
		writeBlock(&b, block)
	}
	b.WriteString("</div>\n</body>\n</html>\n")
	return b.String()
}

func writeBlock(b *strings.Builder, block block) {
	switch block.kind {
	case heading:
		writeElement(b, "h2", "", styleHeading, linked(block.lines[0]))
	case value:
		writeElement(b, "p", "value", styleValue, html.EscapeString(block.lines[0]))
	case bullets:
		writeList(b, "ul", "", block.lines)
	case numbers:
		start := ""
		if block.first != 1 {
			start = ` start="` + strconv.Itoa(block.first) + `"`
		}
		writeList(b, "ol", start, block.lines)
	default:
		lines := make([]string, len(block.lines))
		for i, line := range block.lines {
			lines[i] = linked(line)
		}
		writeElement(b, "p", "", styleParagraph, strings.Join(lines, "<br>\n"))
	}
}

func writeList(b *strings.Builder, tag, attrs string, items []string) {
	b.WriteString("<" + tag + attrs + ` style="` + styleList + "\">\n")
	for _, item := range items {
		writeElement(b, "li", "", styleItem, linked(item))
	}
	b.WriteString("</" + tag + ">\n")
}

// writeElement writes content as it is: the caller has escaped it.
func writeElement(b *strings.Builder, tag, class, style, content string) {
	b.WriteString("<" + tag)
	if class != "" {
		b.WriteString(` class="` + class + `"`)
	}
	b.WriteString(` style="` + style + `">` + content + "</" + tag + ">\n")
}

func linked(line string) string {
	var b strings.Builder
	for _, s := range spans(line) {
		text := html.EscapeString(s.text)
		if s.link {
			text = `<a href="` + text + `" style="` + styleLink + `">` + text + "</a>"
		}
		b.WriteString(text)
	}
	return b.String()
}

var languageShape = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// languageTag returns lang if it has the shape of a BCP 47 tag, else "".
func languageTag(lang string) string {
	if !languageShape.MatchString(lang) {
		return ""
	}
	return lang
}

func direction(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	switch base {
	case "ar", "fa", "he", "ps", "ur", "yi":
		return "rtl"
	}
	return "ltr"
}
