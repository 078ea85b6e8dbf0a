package account

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
	"github.com/go-webauthn/webauthn/webauthn"

	"github.com/schoolgate/schoolgate/internal/fault"
	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// relyingParty is the site as passkeys know it: bound to the host name, with user verification and discoverable credentials always, no attestation
// asked for.
func relyingParty(baseURL string) (*webauthn.WebAuthn, error) {
	u, err := url.Parse(baseURL)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("no host in the base URL")
	}
	return webauthn.New(&webauthn.Config{
		RPID: strings.ToLower(u.Hostname()), RPDisplayName: "Schoolgate", RPOrigins: []string{u.Scheme + "://" + strings.ToLower(u.Host)},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			RequireResidentKey: protocol.ResidentKeyRequired(), ResidentKey: protocol.ResidentKeyRequirementRequired,
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife},
			Registration: webauthn.TimeoutConfig{Timeout: ceremonyLife, TimeoutUVD: ceremonyLife},
		},
		ExtensionsUnsolicitedOutputPolicy: protocol.UnsolicitedOutputPolicyIgnore, // password managers answer more than they are asked
	})
}

// PasskeysPossible reports whether passkeys can work here: they are bound to a host name, so not under a bare address.
func (a *Accounts) PasskeysPossible() bool {
	_, err := a.relying()
	return err == nil
}

func (a *Accounts) passkeySite() (*webauthn.WebAuthn, error) {
	site, err := a.relying()
	return site, fault.Wrap(fault.NotFound, err, "passkeys need a host name")
}

// siteName is what authenticators show beside the username.
func (a *Accounts) siteName() string {
	if name := strings.TrimSpace(a.settings.Values().DistrictName); name != "" {
		return name
	}
	return "Schoolgate"
}

// algorithms are the signatures that all authenticators in use can make.
func algorithms() []protocol.CredentialParameter {
	var all []protocol.CredentialParameter
	for _, alg := range []webauthncose.COSEAlgorithmIdentifier{webauthncose.AlgES256, webauthncose.AlgEdDSA, webauthncose.AlgRS256} {
		all = append(all, protocol.CredentialParameter{Type: protocol.PublicKeyCredentialType, Algorithm: alg})
	}
	return all
}

// holder is an account as the library wants it.
type holder struct {
	account  Account
	handle   []byte
	passkeys []storedPasskey
}

// handle names an account to authenticators. It tells nothing, and nobody else can make it (WebAuthn §14.6.1).
func (a *Accounts) handle(account Account) []byte {
	return mac(a.keys.handle, string(account.Kind), strconv.FormatInt(account.ID, 10))
}

// WebAuthnID implements webauthn.User.
func (h holder) WebAuthnID() []byte { return h.handle }

// WebAuthnName implements webauthn.User.
func (h holder) WebAuthnName() string { return h.account.Username }

// WebAuthnDisplayName implements webauthn.User.
func (h holder) WebAuthnDisplayName() string {
	if h.account.Name != "" {
		return h.account.Name
	}
	return h.account.Username
}

// WebAuthnCredentials implements webauthn.User.
func (h holder) WebAuthnCredentials() []webauthn.Credential {
	all := make([]webauthn.Credential, len(h.passkeys))
	for i, p := range h.passkeys {
		all[i] = p.credential
	}
	return all
}

func (a *Accounts) holder(ctx context.Context, tx *sqldb.Tx, account Account) (holder, error) {
	stored, err := sqldb.All(ctx, tx, scanPasskey, selectPasskeys, account.ID)
	return holder{account: account, handle: a.handle(account), passkeys: stored}, err
}
