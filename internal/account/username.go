package account

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"

	"github.com/schoolgate/schoolgate/internal/fault"
)

// Usernames have this many code points.
const (
	MinUsername = 3
	MaxUsername = 64
)

// CheckUsername returns the comparison key (PRECIS UsernameCaseMapped, RFC 8265), or fault.Invalid with a problem on "username".
func CheckUsername(username string) (string, error) {
	refuse := func(key string, args ...any) (string, error) {
		return "", fault.InvalidFields(fault.Problem{Field: "username", Key: key, Args: args})
	}
	name := shown(username)
	if name == "" {
		return refuse("problem.empty")
	}
	if n := utf8.RuneCountInString(name); n < MinUsername || n > MaxUsername {
		return refuse("problem.username_length", "Min", MinUsername, "Max", MaxUsername)
	}
	key, err := precis.UsernameCaseMapped.String(name)
	if err != nil {
		return refuse("problem.username_characters")
	}
	if n := utf8.RuneCountInString(key); n < MinUsername || n > MaxUsername {
		return refuse("problem.username_length", "Min", MinUsername, "Max", MaxUsername)
	}
	return key, nil
}

// shown is a username as it is kept and printed.
func shown(username string) string {
	if len(username) > 4*MaxUsername+64 { // no work for what cannot be one
		return strings.ToValidUTF8(username[:4*MaxUsername+64], "")
	}
	return norm.NFC.String(strings.TrimSpace(username))
}
