package roster

const selectLiveClassSources = `select id, source_id from class where ended_at is null and source_id in `

// A list of source ids follows.
var liveAmong = map[ClassworkKind]string{
	Terms:      "select source_id from term where ended_at is null and source_id in ",
	Courses:    "select source_id from course where ended_at is null and source_id in ",
	Classes:    "select source_id from class where ended_at is null and source_id in ",
	Enrolments: "select source_id from enrolment where ended_at is null and source_id in ",
}
