package intake

import (
	"context"
	"log/slog"

	"github.com/schoolgate/schoolgate/internal/sqldb"
)

// Told is who hears what becomes of imports, on whichever node they are worked on.
type Told struct {
	// Log says in numbers what the queue brought to an end.
	Log *slog.Logger
	// Waits is told, in the transaction, of a plan from the watched folder that waits for a person.
	Waits func(ctx context.Context, tx *sqldb.Tx) error
	// Failed is told, in the transaction, of a roster from the watched folder that cannot be taken.
	Failed func(ctx context.Context, tx *sqldb.Tx) error
}

// Tell has somebody hear of imports. It must be called before the first one is worked on; without it nobody hears.
func (i *Intake) Tell(t Told) { i.told = t }

// nobody hears of imports.
func nobody() Told {
	deaf := func(context.Context, *sqldb.Tx) error { return nil }
	return Told{Log: slog.New(slog.DiscardHandler), Waits: deaf, Failed: deaf}
}

// logEnd says in the program's log how far an import has come that the queue is done with.
func (i *Intake) logEnd(m Import) {
	i.told.Log.Info("import worked on", "import", m.ID, "from", m.Origin, "state", m.State, "format", m.Format, "steps", m.Steps, "done", m.Done, "alone", m.Alone)
}
