package account

const (
	deleteAllSessions = `delete from session`

	deleteAllTemporary = `delete from temporary_password`
)
