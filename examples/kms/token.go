package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/miekg/pkcs11"
)

// A Token is a PKCS #11 token, as an HSM, that a user is logged in to. It is safe
// for concurrent use: each signature has a session of its own.
type Token struct {
	module *pkcs11.Ctx
	slot   uint
	label  string
	pin    string
	pool   chan *session // of all sessions, those that nobody uses
	login  sync.Mutex
}

// A session does one thing at a time.
type session struct {
	handle pkcs11.SessionHandle           // zero is not open
	keys   map[string]pkcs11.ObjectHandle // private keys by label; they die with the login
}

// OpenToken loads a module, the shared library of the vendor, and logs in to the
// token with a label. It uses up to sessions of them, each opened when it is
// needed. Close has to be called.
func OpenToken(module, label, pin string, sessions int) (*Token, error) {
	t := &Token{module: pkcs11.New(module), label: label, pin: pin, pool: make(chan *session, sessions)}
	if t.module == nil {
		return nil, fmt.Errorf("%s cannot be loaded as a PKCS #11 module", module)
	}
	if err := t.module.Initialize(); err != nil {
		t.module.Destroy()
		return nil, fmt.Errorf("%s: %w", module, err)
	}
	for range sessions {
		t.pool <- new(session)
	}
	err := t.find()
	if err == nil { // a wrong PIN is an error now
		err = t.do(context.Background(), func(*session) error { return nil })
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// closeTimeout bounds how long Close waits for a token that does not answer.
const closeTimeout = 5 * time.Second

// Close waits for the signatures that are under way and unloads the module. It
// gives up, with an error and the module still there, if they do not end.
func (t *Token) Close() error {
	patience := time.NewTimer(closeTimeout)
	defer patience.Stop()
	for range cap(t.pool) {
		select {
		case s := <-t.pool:
			t.close(s)
		case <-patience.C:
			return fmt.Errorf("token %s does not answer, and stays open", t.label)
		}
	}
	err := t.module.Finalize()
	t.module.Destroy()
	return err
}

// find finds the slot of the token.
func (t *Token) find() error {
	slots, err := t.module.GetSlotList(true)
	if err != nil {
		return fmt.Errorf("slots: %w", err)
	}
	found := 0
	for _, slot := range slots {
		if info, err := t.module.GetTokenInfo(slot); err == nil && info.Label == t.label {
			found++
			t.slot = slot
		}
	}
	if found != 1 {
		return fmt.Errorf("%d tokens have the label %q, want one", found, t.label)
	}
	return nil
}

// do calls f with a session that nobody else uses, and waits for one no longer
// than ctx lives. If the session was lost, as when the token was away, f is called
// once more with a new one.
func (t *Token) do(ctx context.Context, f func(*session) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	var s *session
	select {
	case s = <-t.pool:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	done := make(chan error, 1)
	go func() { // a module takes no context: this ends when it answers
		err := t.with(s, f)
		t.pool <- s
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t *Token) with(s *session, f func(*session) error) error {
	for try := 0; ; try++ {
		err := t.open(s)
		if err == nil {
			err = f(s)
		}
		if err == nil {
			return nil
		}
		t.close(s)
		if try > 0 || !lost(err) {
			return fmt.Errorf("token %s: %w", t.label, err)
		}
	}
}

// open opens a session if it is not open, and logs in if nobody is.
func (t *Token) open(s *session) (err error) {
	if s.handle != 0 {
		return nil
	}
	t.login.Lock() // one login is for all sessions
	defer t.login.Unlock()
	if s.handle, err = t.module.OpenSession(t.slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
		return fmt.Errorf("open a session: %w", err)
	}
	s.keys = make(map[string]pkcs11.ObjectHandle)
	err = t.module.Login(s.handle, pkcs11.CKU_USER, t.pin)
	if err != nil && !errors.Is(err, pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)) {
		return fmt.Errorf("login: %w", err)
	}
	return nil
}

func (t *Token) close(s *session) {
	if s.handle != 0 {
		t.module.CloseSession(s.handle) // one that is lost is closed
		s.handle = 0
	}
}

// lost reports whether err says that a session, or the login of all, is over.
func lost(err error) bool {
	for _, code := range []uint{
		pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_USER_NOT_LOGGED_IN,
		pkcs11.CKR_OBJECT_HANDLE_INVALID, pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_DEVICE_REMOVED,
	} {
		if errors.Is(err, pkcs11.Error(code)) {
			return true
		}
	}
	return false
}
