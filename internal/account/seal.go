package account

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
)

// sealing returns AES-256-GCM with one of the derived keys.
func sealing(key string) (cipher.AEAD, error) {
	block, err := aes.NewCipher([]byte(key))
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// seal encrypts and binds the text to what it belongs to: elsewhere it cannot be opened.
func seal(key, belongs string, text []byte) ([]byte, error) {
	gcm, err := sealing(key)
	if err != nil {
		return nil, err
	}
	nonce := random(gcm.NonceSize())
	return gcm.Seal(nonce, nonce, text, []byte(belongs)), nil
}

func unseal(key, belongs string, sealed []byte) ([]byte, error) {
	gcm, err := sealing(key)
	if err != nil {
		return nil, err
	}
	n := gcm.NonceSize()
	if len(sealed) < n {
		return nil, errors.New("too short to have been encrypted here")
	}
	return gcm.Open(nil, sealed[:n], sealed[n:], []byte(belongs))
}
