// Package browser drives Chromium over a whole Schoolgate, as a person does: it finds fields, buttons and links by the words that
// a screen reader would say (the browser's own accessibility tree), presses them with the mouse where they stand, and reads what is
// visible. It works the same with JavaScript and without, and reaches no host but this machine.
//
// Its tests walk the story of a login, every page, the keyboard and the first visit; test/pictures draws the pages with it.
package browser
