package intake

// Code names what a finding says; it never changes once it was shipped. The words stand in the catalogues, under imports.found.
type Code string

// Of packages and files.
const (
	sayNoRegular    Code = "not_regular"
	sayInFolder     Code = "in_folder"
	sayOtherFolder  Code = "other_folder"
	sayNotOfFormat  Code = "not_of_format"
	sayNothingTaken Code = "nothing_taken"
	sayNotKept      Code = "not_kept"
	saySoftware     Code = "software"
	sayUsers        Code = "file_is_users"
	saySpelled      Code = "file_spelled"
	sayNoTable      Code = "not_table"
	sayNoList       Code = "not_list"
	sayCutPeople    Code = "people_cut"
	sayNoContacts   Code = "no_contacts"
	sayOtherRecords Code = "other_records"
	sayXMLEnds      Code = "xml_ends"
)

// Of letters.
const (
	sayBOM     Code = "byte_order_mark"
	sayUTF16   Code = "utf_16"
	sayWindows Code = "windows_1252"
	sayDamaged Code = "letters_damaged"
)

// Of columns and rows.
const (
	saySemicolons    Code = "semicolons"
	sayTabs          Code = "tabs"
	sayColumnMissing Code = "column_missing"
	sayColumnUnknown Code = "column_unknown"
	sayColumnUnread  Code = "column_unread"
	sayColumnTwice   Code = "column_twice"
	sayColumnSecond  Code = "column_second"
	sayColumnNamed   Code = "column_named"
	sayColumnAs      Code = "column_as"
	sayColumnOrder   Code = "column_order"
	sayNoRows        Code = "no_rows"
	sayRowCut        Code = "row_cut"
	sayQuoteOpen     Code = "quote_open"
	sayRowLong       Code = "row_long"
	sayRowShort      Code = "row_short"
	sayLineBreak     Code = "line_break"
	sayQuoteWithin   Code = "quote_within"
	sayFormula       Code = "formula"
	sayFormulaValue  Code = "formula_value"
)

// Of ids and names.
const (
	sayNoID         Code = "id_missing"
	sayIDLong       Code = "id_long"
	sayIDUnfit      Code = "id_unfit"
	sayIDTwice      Code = "id_twice"
	saySameAgain    Code = "person_again"
	sayIDAgain      Code = "id_again"
	sayAddressTwice Code = "address_twice"
	sayAddressOnly  Code = "address_only"
	sayNoName       Code = "name_missing"
	sayOneName      Code = "name_half"
	sayNameLong     Code = "name_long"
	sayNameLeft     Code = "name_left_out"
	sayLetters      Code = "letters_lost"
	sayOrgLetters   Code = "school_letters_lost"
	sayWholeName    Code = "name_whole"
	sayOrgUnfit     Code = "school_unfit"
)

// Of values.
const (
	sayNoMail       Code = "email_unfit"
	sayMails        Code = "email_several"
	sayNoGrade      Code = "grade_unfit"
	sayGrades       Code = "grade_several"
	sayGradeCode    Code = "grade_code"
	sayNoNumber     Code = "id_number_unfit"
	sayNoFlag       Code = "flag_unclear"
	sayNoTruth      Code = "truth_unclear"
	sayTruth        Code = "truth_spelled"
	sayNoDate       Code = "date_unfit"
	sayDate         Code = "date_spelled"
	sayDatesTurned  Code = "dates_turned"
	sayLong         Code = "value_long"
	sayLanguage     Code = "language_other"
	sayYear         Code = "year_unfit"
	sayYears        Code = "year_span"
	sayNoFigure     Code = "number_unfit"
	sayNoScale      Code = "scale_unfit"
	saySpelledValue Code = "value_spelled"
	sayNoValue      Code = "value_unknown"
	sayEmpty        Code = "value_missing"
)

// Of status, kinds and roles.
const (
	sayActive         Code = "status_active"
	sayDeleted        Code = "status_deleted"
	sayDeletedVersion Code = "status_other_version"
	sayStatusUnknown  Code = "status_unknown"
	sayStatusEnrolled Code = "status_enrolled"
	sayInactive       Code = "status_inactive"
	sayDeltaStatus    Code = "delta_status"
	sayDeltaTime      Code = "delta_time"
	sayBulkStatus     Code = "bulk_status"
	sayNoTime         Code = "time_unfit"
	sayIDLetters      Code = "id_letters"
	sayKind           Code = "kind_spelled"
	sayKindMissing    Code = "kind_missing"
	sayKindOther      Code = "kind_other"
	sayTermKind       Code = "term_kind"
	sayRelation       Code = "relationship_unknown"
	sayRelationType   Code = "relationship_from_type"
	sayRole           Code = "role_unknown"
	sayRoleSpelled    Code = "role_spelled"
	sayRoleUseless    Code = "role_of_nobody"
	sayNoRole         Code = "role_missing"
	sayRolesGone      Code = "roles_ended"
	sayRolesOfNobody  Code = "roles_of_nobody"
	sayRoleUnsure     Code = "role_unsure"
	sayPrimaryTwice   Code = "primary_twice"
	sayPrimaryOrg     Code = "primary_org"
	sayStaff          Code = "staff"
	sayStudentOver    Code = "student_role_ended"
	sayAdultOver      Code = "adult_role_ended"
	sayNotAble        Code = "adult_disabled"
	sayStudentAble    Code = "student_disabled"
	sayEnrolRole      Code = "enrolment_role"
)

// Of students and their numbers.
const (
	sayNumbersEmpty   Code = "numbers_from_user_ids"
	sayNumbersMail    Code = "numbers_not_mail"
	sayNumberOwn      Code = "number_from_id"
	sayNumberHard     Code = "number_hard"
	sayNoIDNumber     Code = "id_number_missing"
	saySameIDNumber   Code = "id_number_shared"
	sayNumberMissing  Code = "number_missing_row"
	sayLeftSchools    Code = "left_schools"
	sayStudentAgain   Code = "student_again"
	sayStudentUnknown Code = "student_unknown"
	sayBirthOfNobody  Code = "demographics_of_nobody"
)

// Of schools.
const (
	sayNoOrgs        Code = "schools_missing"
	sayOrgGone       Code = "school_deleted"
	saySchoolUnknown Code = "school_unknown"
	saySchoolAbove   Code = "school_above"
	sayNoSchoolAbove Code = "school_none_above"
	saySchoolGiven   Code = "school_given"
	sayOnlySchool    Code = "school_only"
	sayNotSchool     Code = "school_wanted"
)

// Of contacts and lines.
const (
	sayRestricted      Code = "restricted"
	sayWords           Code = "restriction_words"
	saySelf            Code = "line_to_self"
	sayLineUnknown     Code = "line_unknown"
	sayLineNotKnown    Code = "line_not_on_record"
	sayLineGone        Code = "line_to_gone"
	sayLineNeither     Code = "line_not_a_pair"
	sayLineStaff       Code = "line_to_staff"
	sayLineUnclear     Code = "line_unclear"
	sayLineNobody      Code = "line_without_student"
	sayStudentShared   Code = "student_shared"
	sayLineTurned      Code = "line_turned"
	sayLineTwice       Code = "line_twice"
	sayLineOff         Code = "line_taken_off"
	sayRowGoesOn       Code = "row_goes_on"
	sayContactInactive Code = "contact_inactive"
	sayManyContacts    Code = "contacts_many"
	sayUsernameMail    Code = "email_from_username"
	sayShared          Code = "email_shared"
	saySharedStudent   Code = "email_of_student"
	saySharedStaff     Code = "email_of_staff"
	saySharedContact   Code = "email_of_contact"
	sayLonelyStudents  Code = "students_alone"
	sayLonelyContacts  Code = "contacts_alone"
	sayKept            Code = "set_by_hand"
	sayMergedGone      Code = "merged_deleted"
	sayMerged          Code = "merged"
)

// Of a OneRoster package.
const (
	sayNoManifest      Code = "manifest_missing"
	sayManifestHead    Code = "manifest_columns"
	sayPropertyTwice   Code = "manifest_twice"
	sayMode            Code = "manifest_mode"
	sayNotAbsent       Code = "manifest_absent"
	sayDeclared        Code = "manifest_file_missing"
	sayManifestVersion Code = "manifest_version"
	sayUndeclared      Code = "manifest_undeclared"
	sayProperty        Code = "manifest_property"
	sayVersion         Code = "version_told"
	sayUnchanged       Code = "users_unchanged"
	sayRefMissing      Code = "reference_missing"
	sayNoFile          Code = "reference_no_file"
	sayNoRef           Code = "reference_unknown"
	sayNoRefRow        Code = "reference_unknown_row"
	sayNoUUID          Code = "case_unfit"
)

// Of terms, classes and results.
const (
	sayFuture     Code = "begins_later"
	sayAboveSelf  Code = "above_itself"
	sayNoTitle    Code = "title_missing"
	sayNoYear     Code = "school_year_wanted"
	sayTermWanted Code = "term_wanted"
	saySubjects   Code = "subject_codes"
	sayClassTwice Code = "class_twice"
	sayRoleOther  Code = "enrolment_other_role"
	sayNoEnds     Code = "enrolment_unclear"
	sayEnrolments Code = "enrolments_unknown"
	sayRange      Code = "result_range"
	sayNoStudent  Code = "student_wanted"
	sayNotInClass Code = "result_class"
	sayScore      Code = "result_score"
)

// Of applying and taking back.
const (
	sayPlannedAgain Code = "changed_planned_again"
	sayAddedAlone   Code = "added_meanwhile"
	sayAddedAgain   Code = "added_planned_again"
	sayLeftAlone    Code = "changed_meanwhile"
	sayClassesStay  Code = "undo_classes"
	sayClassesEnded Code = "undo_classes_ended"
	sayInUse        Code = "undo_in_use"
	sayDistrictKept Code = "undo_district"
	sayChangedSince Code = "undo_changed"
	sayLoginSince   Code = "undo_login"
)

// Of packages that cannot be taken at all.
const (
	cannotFind        Code = "cannot_find"
	cannotRead        Code = "cannot_read"
	cannotKind        Code = "cannot_kind"
	cannotEmpty       Code = "cannot_empty"
	cannotManyFiles   Code = "cannot_many_files"
	cannotNoTable     Code = "cannot_no_table"
	cannotTwice       Code = "cannot_twice"
	cannotText        Code = "cannot_text"
	cannotLetters     Code = "cannot_letters"
	cannotNoUsers     Code = "cannot_no_users"
	cannotNoRoles     Code = "cannot_no_roles"
	cannotNoStudents  Code = "cannot_no_students"
	cannotSchool      Code = "cannot_school"
	cannotFormat      Code = "cannot_format"
	cannotTell        Code = "cannot_tell"
	cannotBig         Code = "cannot_big"
	cannotRoom        Code = "cannot_room"
	cannotBigSheet    Code = "cannot_big_sheet"
	cannotHeader      Code = "cannot_header"
	cannotColumn      Code = "cannot_column"
	cannotRows        Code = "cannot_rows"
	cannotSheet       Code = "cannot_sheet"
	cannotSheetUnpack Code = "cannot_sheet_unpack"
	cannotSheetWide   Code = "cannot_sheet_wide"
	cannotXML         Code = "cannot_xml"
	cannotZip         Code = "cannot_zip"
	cannotZipLocked   Code = "cannot_zip_locked"
	cannotZipUnpack   Code = "cannot_zip_unpack"
	cannotZipPath     Code = "cannot_zip_path"
	cannotKeptWhole   Code = "cannot_kept"
)
