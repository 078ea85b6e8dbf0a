package demo

import (
	"fmt"
	"strconv"

	"github.com/schoolgate/schoolgate/internal/roster"
)

// schoolYear is the autumn in which the district's grades were given: the records are those of one day, whenever they are made.
const schoolYear = 2026

// cluster is a neighbourhood: its children go to one of two elementary schools, then to one middle and one high school.
type cluster struct {
	elementary   [2]int
	middle, high int
}

// school returns the index of the school of a grade; 0 is kindergarten.
func (c cluster) school(grade, family int) int {
	switch {
	case grade <= 5:
		return c.elementary[family%2]
	case grade <= 8:
		return c.middle
	}
	return c.high
}

// schools makes the district and a cluster of four schools for about every 1,600 students.
func (b *builder) schools(students int) {
	b.d.Schools = append(b.d.Schools, roster.School{
		SourceID: "district", Kind: "district", Name: "Riverbend Unified School District", Phone: phone(207, 0), Hours: "Monday to Friday, 8:00 to 16:30",
	})
	places := []string{"Morgan", "Lincoln", "Riverside", "Oak Hill", "Washington", "Maple Grove", "Jefferson", "Lakeview", "Franklin",
		"Cedar Ridge", "Roosevelt", "Meadowbrook", "Harriet Tubman", "Pine Street", "César Chávez", "Sunset", "Rosa Parks", "Highland",
		"Sacajawea", "Eastside", "Madison", "Willow Creek", "Frederick Douglass", "Northgate", "Sally Ride", "Mountain View", "Marie Curie",
		"Harbor", "St. Croix", "Valley Forge", "Amelia Earhart", "Stonebridge"}
	n := 0
	add := func(kind string) int {
		name := places[n%len(places)]
		if round := n / len(places); round > 0 {
			name += " " + strconv.Itoa(round+1)
		}
		n++
		b.d.Schools = append(b.d.Schools, roster.School{
			SourceID: fmt.Sprintf("school-%03d", n), Kind: "school", Name: name + " " + kind, Phone: phone(207, n),
			Hours: "Monday to Friday, 7:30 to 15:30",
		})
		return len(b.d.Schools) - 1
	}
	for range max(1, (students+800)/1600) {
		c := cluster{high: add("High School"), middle: add("Middle School")}
		c.elementary = [2]int{add("Elementary School"), add("Elementary School")}
		b.clusters = append(b.clusters, c)
	}
}

// phone makes a number of the range kept for fiction.
func phone(area, n int) string { return fmt.Sprintf("%03d-555-%04d", area, 100+n%100) }

func (b *builder) phone() string {
	areas := []int{207, 212, 303, 406, 505, 602, 713, 808, 907, 985}
	return phone(areas[b.rand.IntN(len(areas))], b.rand.IntN(100))
}

func gradeName(grade int) string {
	if grade == 0 {
		return "K"
	}
	return strconv.Itoa(grade)
}
