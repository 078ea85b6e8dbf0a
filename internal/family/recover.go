package family

import (
	"context"
	"strings"

	"github.com/schoolgate/schoolgate/internal/access"
	"github.com/schoolgate/schoolgate/internal/fault"
)

// ForgotPassword notes a request for a temporary password for the username and returns its reference. The password that holds stays
// valid until the temporary one is used. It returns fault.Invalid with a problem on "username" when it is empty or over-long.
func (f *Family) ForgotPassword(ctx context.Context, actor access.Actor, formKey, username, language string) (string, error) {
	if err := access.Check(actor, access.Register); err != nil {
		return "", err
	}
	t := typed{purpose: purposeForgotPassword, username: strings.TrimSpace(username), language: language}
	if err := fault.InvalidFields(lengthProblems("username", t.username, typedLimit)...); err != nil {
		return "", err
	}
	return f.note(ctx, actor, formKey, t)
}

// ForgotUsername notes a request for the usernames of the address and returns its reference. It returns fault.Invalid with a problem
// on "email" when it is empty or over-long.
func (f *Family) ForgotUsername(ctx context.Context, actor access.Actor, formKey, email, language string) (string, error) {
	if err := access.Check(actor, access.Register); err != nil {
		return "", err
	}
	t := typed{purpose: purposeForgotUsername, username: strings.TrimSpace(email), language: language}
	if err := fault.InvalidFields(lengthProblems("email", t.username, addressLimit)...); err != nil {
		return "", err
	}
	return f.note(ctx, actor, formKey, t)
}
