// The cells of the matrix for Go's go-sql-driver/mysql: `matrix go-sql-driver cells|failover|version`. What a cell is: ../src/lib.rs.
package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
)

type skip string

func (why skip) Error() string { return string(why) }

type column struct{ name, kind string }

var columns []column

func env(name string) string { return os.Getenv("MATRIX_" + name) }

func check(err error, found, wanted interface{}, what string) error {
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	a, b := fmt.Sprint(found), fmt.Sprint(wanted)
	if a != b {
		if len(a) > 150 {
			a = a[:150]
		}
		return fmt.Errorf("%s: %s, not %s", what, a, b)
	}
	return nil
}

func source(user, password, port, options string) string {
	return fmt.Sprintf("%s:%s@tcp(%s:%s)/%s?timeout=3s&readTimeout=20s&maxAllowedPacket=67108864&charset=utf8mb4&multiStatements=true&%s",
		user, password, env("HOST"), port, env("DATABASE"), options)
}

func open(options string) (*sql.DB, error) {
	db, err := sql.Open("mysql", source("root", "", env("PORT"), options))
	if err == nil {
		db.SetMaxOpenConns(1)
	}
	return db, err
}

func scalar(db *sql.DB, query string) (value string, err error) {
	err = db.QueryRow(query).Scan(&value)
	return
}

func login(user string, tls bool) error {
	if user == "" {
		return skip("this server has no mysql_native_password")
	}
	options := ""
	if tls {
		options = "tls=skip-verify"
	}
	db, err := sql.Open("mysql", source(user, env("PASSWORD"), env("PORT"), options))
	if err != nil {
		return err
	}
	defer db.Close()
	who, err := scalar(db, "SELECT CURRENT_USER()")
	if err := check(err, who, user+"@%", "who it is"); err != nil {
		return err
	}
	var name, cipher string
	err = db.QueryRow("SHOW SESSION STATUS LIKE 'Ssl_cipher'").Scan(&name, &cipher)
	return check(err, cipher != "", tls, "encrypted")
}

// What an application would send.
func native(one column, text string) interface{} {
	switch one.kind {
	case "i":
		if one.name == "u64" {
			number, _ := strconv.ParseUint(text, 10, 64)
			return number
		}
		number, _ := strconv.ParseInt(text, 10, 64)
		return number
	case "f":
		number, _ := strconv.ParseFloat(text, 64)
		return number
	case "b":
		bytes, _ := hex.DecodeString(text)
		return bytes
	case "d":
		moment, _ := time.Parse("2006-01-02", text)
		return moment
	case "D":
		moment, _ := time.Parse("2006-01-02 15:04:05.000000", text)
		return moment
	}
	return text
}

func checkRow(rows *sql.Rows, texts []string, what string) error {
	defer rows.Close()
	if !rows.Next() {
		return fmt.Errorf("%s: no row: %v", what, rows.Err())
	}
	values, targets := make([]interface{}, len(columns)), make([]interface{}, len(columns))
	for i := range values {
		targets[i] = &values[i]
	}
	if err := rows.Scan(targets...); err != nil {
		return err
	}
	for i, one := range columns {
		if texts == nil {
			if values[i] != nil {
				return fmt.Errorf("%s %s: not NULL", what, one.name)
			}
			continue
		}
		var found string
		switch value := values[i].(type) {
		case []byte:
			found = string(value)
			if one.kind == "b" {
				found = hex.EncodeToString(value)
			}
		case time.Time:
			found = value.Format("2006-01-02 15:04:05.000000")
			if one.kind == "d" {
				found = value.Format("2006-01-02")
			}
		default:
			found = fmt.Sprint(value)
		}
		if one.kind == "f" {
			number, err := strconv.ParseFloat(found, 64)
			if err := check(err, number, native(one, texts[i]), what+" "+one.name); err != nil {
				return err
			}
			continue
		}
		if err := check(nil, found, texts[i], what+" "+one.name); err != nil {
			return err
		}
	}
	return nil
}

func types(prepared bool, isNull bool, ids ...int) error {
	db, err := open(fmt.Sprintf("parseTime=true&interpolateParams=%t", !prepared))
	if err != nil {
		return err
	}
	defer db.Close()
	names := make([]string, len(columns))
	for i, one := range columns {
		names[i] = one.name
	}
	for _, id := range ids {
		var texts []string
		values := []interface{}{id}
		if !isNull {
			texts = strings.Split(env(fmt.Sprintf("ROW_%d", id%10)), "\t")
		}
		for i, one := range columns {
			if isNull {
				values = append(values, nil)
			} else {
				values = append(values, native(one, texts[i]))
			}
		}
		if _, err := db.Exec("DELETE FROM written WHERE id = ?", id); err != nil {
			return err
		}
		insert := "INSERT INTO written (id, " + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(columns)) + ")"
		if _, err := db.Exec(insert, values...); err != nil {
			return err
		}
		same, err := scalar(db, env("SAME")+strconv.Itoa(id))
		if err := check(err, same, 1, fmt.Sprintf("row %d as the server has it", id)); err != nil {
			return err
		}
		for table, key := range map[string]int{"expected": id % 10, "written": id} {
			rows, err := db.Query("SELECT "+strings.Join(names, ", ")+" FROM "+table+" WHERE id = ?", key)
			if err != nil {
				return err
			}
			if err := checkRow(rows, texts, table); err != nil {
				return err
			}
		}
	}
	return nil
}

func nulls() error {
	if err := types(false, true, 3); err != nil {
		return err
	}
	return types(true, true, 13)
}

func zeroDates() error {
	for _, interpolate := range []bool{true, false} {
		db, err := open(fmt.Sprintf("parseTime=true&sql_mode=%%27%%27&interpolateParams=%t", interpolate))
		if err != nil {
			return err
		}
		defer db.Close()
		if _, err := db.Exec("REPLACE INTO zero VALUES (1, ?, ?)", "0000-00-00", time.Time{}); err != nil {
			return err
		}
		var day, moment time.Time
		var text string
		err = db.QueryRow("SELECT d, t, CONCAT(d, t) FROM zero WHERE id = ?", 1).Scan(&day, &moment, &text)
		if err := check(err, text, "0000-00-000000-00-00 00:00:00", "as text"); err != nil {
			return err
		}
		if err := check(nil, day.IsZero() && moment.IsZero(), true, "zero"); err != nil {
			return err
		}
	}
	return nil
}

func failures() error {
	cases := []struct {
		text    string
		number  uint16
		message string
	}{{"SELECT * FROM missing", 1146, "Table '" + env("DATABASE") + ".missing' doesn't exist"},
		{"INSERT INTO counts (id) VALUES (1)", 1062, "Duplicate entry '1' for key 'counts.PRIMARY'"},
		{"SELECT nothing FROM counts", 1054, "Unknown column 'nothing' in 'field list'"}}
	db, err := open("")
	if err != nil {
		return err
	}
	defer db.Close()
	for _, one := range cases {
		_, text := db.Exec(one.text)
		statement, prepared := db.Prepare(one.text)
		if prepared == nil {
			_, prepared = statement.Exec()
		}
		for _, err := range []error{text, prepared} {
			var said *mysql.MySQLError
			if !errors.As(err, &said) {
				return fmt.Errorf("%s: %v", one.text, err)
			}
			if err := check(nil, fmt.Sprint(said.Number, said.Message), fmt.Sprint(one.number, one.message), one.text); err != nil {
				return err
			}
		}
	}
	return nil
}

func multi() error {
	// After an error among several results the driver waits for one more, as long as it may.
	db, err := open("readTimeout=1s")
	if err != nil {
		return err
	}
	defer db.Close()
	rows, err := db.Query("SELECT 1; SELECT 2, 'b'; SELECT nothing FROM counts; SELECT 3")
	if err != nil {
		return err
	}
	var one, two int
	var text string
	rows.Next()
	if err := check(rows.Scan(&one), one, 1, "first"); err != nil {
		return err
	}
	if err := check(rows.Err(), rows.NextResultSet() && rows.Next(), true, "a second"); err != nil {
		return err
	}
	if err := check(rows.Scan(&two, &text), fmt.Sprint(two, text), "2b", "second"); err != nil {
		return err
	}
	more := rows.NextResultSet()
	var said *mysql.MySQLError
	if !errors.As(rows.Err(), &said) || more || said.Number != 1054 {
		return fmt.Errorf("error of the third: %v", rows.Err())
	}
	rows.Close()
	four, err := scalar(db, "SELECT 4")
	return check(err, four, 4, "afterwards")
}

func big() error {
	text := strings.Repeat("0123456789abcdef", 17*65536)
	for _, interpolate := range []bool{true, false} {
		db, err := open(fmt.Sprintf("interpolateParams=%t", interpolate))
		if err != nil {
			return err
		}
		defer db.Close()
		var back string
		err = db.QueryRow("SELECT ? AS v", text).Scan(&back)
		if err := check(err, back == text, true, "the same"); err != nil {
			return err
		}
	}
	return nil
}

func transactions() error {
	db, err := open("")
	if err != nil {
		return err
	}
	defer db.Close()
	count := func(wanted int, what string) error {
		found, err := scalar(db, "SELECT COUNT(*) FROM transactions")
		return check(err, found, wanted, what)
	}
	if _, err := db.Exec("DELETE FROM transactions"); err != nil {
		return err
	}
	for i, end := range []func(*sql.Tx) error{(*sql.Tx).Rollback, (*sql.Tx).Commit} {
		work, err := db.BeginTx(context.Background(), &sql.TxOptions{Isolation: sql.LevelReadCommitted})
		if err != nil {
			return err
		}
		for _, text := range []string{"INSERT INTO transactions (v) VALUES (1)", "SAVEPOINT here", "INSERT INTO transactions (v) VALUES (2)",
			"ROLLBACK TO SAVEPOINT here"} {
			if _, err := work.Exec(text); err != nil {
				return err
			}
		}
		if err := end(work); err != nil {
			return err
		}
		if err := count(i, "rows"); err != nil {
			return err
		}
	}
	work, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	_, err = work.Exec("INSERT INTO transactions (v) VALUES (1)")
	var said *mysql.MySQLError
	if !errors.As(err, &said) || said.Number != 1792 {
		return fmt.Errorf("a write in a read only transaction: %v", err)
	}
	return work.Rollback()
}

func counts() error {
	for options, wanted := range map[string]int64{"clientFoundRows=true": 2, "clientFoundRows=false": 0} {
		db, err := open(options)
		if err != nil {
			return err
		}
		defer db.Close()
		result, err := db.Exec("UPDATE counts SET v = 1 WHERE id IN (1, 2)")
		if err != nil {
			return err
		}
		rows, err := result.RowsAffected()
		if err := check(err, rows, wanted, options); err != nil {
			return err
		}
	}
	for _, interpolate := range []bool{true, false} {
		db, err := open(fmt.Sprintf("interpolateParams=%t", interpolate))
		if err != nil {
			return err
		}
		defer db.Close()
		if _, err := db.Exec("TRUNCATE TABLE numbered"); err != nil {
			return err
		}
		result, err := db.Exec("INSERT INTO numbered (v) VALUES (?), (?), (?)", 1, 2, 3)
		if err != nil {
			return err
		}
		rows, _ := result.RowsAffected()
		last, err := result.LastInsertId()
		if err := check(err, fmt.Sprint(rows, last), "3 1", "affected rows and last id"); err != nil {
			return err
		}
	}
	return nil
}

func loadData() error {
	db, err := open("")
	if err != nil {
		return err
	}
	defer db.Close()
	mysql.RegisterLocalFile(env("FILE"))
	if _, err := db.Exec("DELETE FROM loaded"); err != nil {
		return err
	}
	result, err := db.Exec("LOAD DATA LOCAL INFILE '" + env("FILE") + "' INTO TABLE loaded FIELDS TERMINATED BY ','")
	if err != nil {
		return err
	}
	rows, err := result.RowsAffected()
	if err := check(err, rows, 3, "affected rows"); err != nil {
		return err
	}
	found, err := scalar(db, "SELECT CONCAT(COUNT(*), SUM(id), MAX(v)) FROM loaded")
	return check(err, found, "36two", "loaded")
}

// Writes rows one by one, and goes to the next address when one fails.
func failover() {
	addresses := strings.Split(env("ADDRESSES"), ",")
	until := time.Now().Add(60 * time.Second)
	at, key, moved, doubt := 0, 1, 0, false
	var db *sql.DB
	for (moved == 0 || key <= moved+20) && time.Now().Before(until) {
		err := func() (err error) {
			if db == nil {
				address := addresses[at%len(addresses)]
				db, err = sql.Open("mysql", source("root", "", address[strings.LastIndex(address, ":")+1:], ""))
				if err != nil {
					return err
				}
				db.SetMaxOpenConns(1)
			}
			there := "0"
			if doubt {
				if there, err = scalar(db, fmt.Sprintf("SELECT COUNT(*) FROM failover WHERE k = %d FOR UPDATE", key)); err != nil {
					return err
				}
			}
			if there == "0" {
				_, err = db.Exec(fmt.Sprintf("INSERT INTO failover (k) VALUES (%d)", key))
			}
			return err
		}()
		if err != nil {
			if db != nil {
				db.Close()
			}
			db, at, doubt = nil, at+1, true
			time.Sleep(50 * time.Millisecond)
			continue
		}
		fmt.Println("ACK", key)
		if doubt && key > 1 {
			moved = key
		}
		key, doubt = key+1, false
		time.Sleep(5 * time.Millisecond)
	}
	if moved > 0 {
		fmt.Println("failover ok")
	} else {
		fmt.Println("failover fail: it never went on elsewhere")
	}
}

// The version that Debian's package says.
const version = "1.5.0"

func main() {
	fmt.Println("version", version)
	for _, one := range strings.Split(env("COLUMNS"), ",") {
		if parts := strings.Split(one, ":"); len(parts) == 2 {
			columns = append(columns, column{parts[0], parts[1]})
		}
	}
	if os.Args[2] == "failover" {
		failover()
	}
	if os.Args[2] != "cells" {
		return
	}
	refuse := func(why string) func() error { return func() error { return skip(why) } }
	cells := []struct {
		name string
		run  func() error
	}{
		{"plain-native", func() error { return login(env("NATIVE_USER"), false) }},
		{"plain-sha2", func() error { return login(env("SHA2_PLAIN_USER"), false) }},
		{"plain-sha2-again", func() error { return login(env("SHA2_PLAIN_USER"), false) }},
		{"tls-native", func() error { return login(env("NATIVE_USER"), true) }},
		{"tls-sha2", func() error { return login(env("SHA2_TLS_USER"), true) }},
		{"tls-sha2-again", func() error { return login(env("SHA2_TLS_USER"), true) }},
		{"text", func() error { return types(false, false, 1, 2) }},
		{"prepared", func() error { return types(true, false, 11, 12) }},
		{"nulls", nulls}, {"zero-dates", zeroDates}, {"warnings", refuse("does not show warnings")}, {"errors", failures},
		{"multi", multi}, {"big", big}, {"cursor", refuse("has no server-side cursors")}, {"transactions", transactions},
		{"pool", refuse("its pool gives connections back as they are")}, {"counts", counts}, {"load-data", loadData},
		{"compression", refuse("has no compression")}, {"reset", refuse("has neither change user nor reset connection")},
	}
	for _, cell := range cells {
		wanted := len(os.Args) == 3
		for _, name := range os.Args[3:] {
			wanted = wanted || name == cell.name
		}
		if !wanted {
			continue
		}
		outcome := "ok"
		if err := cell.run(); err != nil {
			text := strings.Join(strings.Fields(err.Error()), " ")
			if why, is := err.(skip); is {
				outcome = "skip: " + string(why)
			} else {
				outcome = "fail: " + text
			}
		}
		fmt.Println(cell.name, outcome)
	}
}
