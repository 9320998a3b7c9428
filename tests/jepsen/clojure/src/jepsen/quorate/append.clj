(ns jepsen.quorate.append
  "Transactions that append to lists and read them, for Elle. A list is a row; its
  elements stand in a text, joined by commas."
  (:require [clojure.string :as str]
            [jepsen.client :as client]
            [jepsen.quorate.client :as c]
            [jepsen.tests.cycle.append :as append]
            [next.jdbc :as j]
            [next.jdbc.result-set :as rs]))

(def table-count 3)

(defn table
  "The table of a key."
  [k]
  (str "txn" (mod k table-count)))

(defn read-list
  "The elements of a list, or nil where there is none."
  [conn k]
  (when-let [text (-> (j/execute-one! conn
                                      [(str "select (val) from " (table k) " where id = ?") k]
                                      {:builder-fn rs/as-unqualified-lower-maps})
                      :val)]
    (mapv parse-long (str/split text #","))))

(defn update!
  "Appends to a row that is there. Was it?"
  [conn k v]
  (-> (j/execute-one! conn
                      [(str "update " (table k) " set val = CONCAT(val, ',', ?) where id = ?")
                       (str v) k])
      ::j/update-count
      pos?))

(defn insert!
  "Makes a row, unless it is there. Was it not? The savepoint keeps what the
  transaction has done before."
  [conn k v]
  (j/execute! conn ["savepoint upsert"])
  (try (j/execute! conn
                   [(str "insert into " (table k) " (id, sk, val) values (?, ?, ?)") k k (str v)])
       (j/execute! conn ["release savepoint upsert"])
       true
       (catch java.sql.SQLException e
         (when-not (c/duplicate? e)
           (throw e))
         (j/execute! conn ["rollback to savepoint upsert"])
         false)))

(defn append!
  [conn k v]
  (when-not (or (update! conn k v)
                (insert! conn k v)
                (update! conn k v))
    (throw (java.sql.SQLTransactionRollbackException.
             "a row was neither there nor not there" "40001" 1213))))

(defn mop!
  "Does one micro-operation."
  [conn [f k v]]
  [f k (case f
         :r      (read-list conn k)
         :append (do (append! conn k v) v))])

(defn reads?
  [txn]
  (every? (comp #{:r} first) txn))

(defrecord Client [connections]
  client/Client
  (open! [this test node]
    (assoc this :connections (c/connections node)))

  (setup! [_ test]
    (let [conn (c/leader! connections test)]
      (dotimes [i table-count]
        (j/execute! conn [(str "create table if not exists " (table i)
                               " (id int not null primary key,
                                  sk int not null,
                                  val text)")]))))

  (invoke! [_ test {:keys [value] :as op}]
    (c/attempt op connections asked
      (let [run! (fn [t] (mapv (partial mop! t) value))]
        (assoc op
               :type  :ok
               :value (if (reads? value)
                        (c/read! (c/own! connections test) test run!)
                        (c/transact! (c/leader! connections test) test asked run!))))))

  (teardown! [_ test])

  (close! [_ test]
    (c/close! connections)))

(defn workload
  "Transactions of appends and reads."
  [opts]
  (assoc (append/test (assoc (select-keys opts [:key-count :max-txn-length :max-writes-per-key])
                             :min-txn-length     1
                             :consistency-models [(:model opts)]))
         :client (Client. nil)))
