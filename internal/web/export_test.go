package web

// Route is a line of the site, for the tests that visit all of them.
type Route struct {
	Pattern string
	Portal  string
	Limited bool
	Open    bool // to everybody
}

// Routes returns every route of the site, the demo's last.
func Routes() []Route {
	var all []Route
	for _, r := range append(append([]route{}, routes...), demoRoutes...) {
		all = append(all, Route{r.pattern, string(r.portal), r.limited, r.need == ""})
	}
	return all
}
