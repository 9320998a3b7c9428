(ns jepsen.quorate.client
  "Connections to Quorate by JDBC, and what an exception says of the operation
  that met it.

  A client has up to two connections, made when they are needed. One is to its
  own node, for what only reads: any node answers that. The other is to the node
  that leads, as its own node says, for all else: other nodes refuse it."
  (:require [jepsen.util :as util]
            [next.jdbc :as j])
  (:import (java.sql Connection
                     SQLException
                     SQLIntegrityConstraintViolationException)))

(def port     3306)
(def user     "root")
(def password "")
(def database "jepsen")

(def lost-leadership
  "The server stops, or the leadership is lost: the transaction is rolled back."
  1053)

(def read-only-node
  "This node does not lead. The transaction is not done."
  1290)

(def in-doubt
  "Errors of a COMMIT after which nobody knows: the server could not tell within
  its time, or something broke in it."
  #{1105 1180 3100 3101 3169})

(defn connect
  "A connection to a node. A database of nil is none."
  (^Connection [node] (connect node database))
  (^Connection [node database]
   (-> (cond-> {:dbtype         "mariadb"
                :host           node
                :port           port
                :user           user
                :password       password
                ; Milliseconds. Faults last longer than a client should wait.
                :connectTimeout 2000
                :socketTimeout  10000}
         database (assoc :dbname database))
       j/get-datasource
       j/get-connection)))

(defn prepare!
  "Sets the levels of the test for the session."
  [^Connection conn test]
  (j/execute! conn [(str "SET SESSION quorate_read_consistency = '"
                         (.toUpperCase (name (:consistency test))) "'")])
  (.setTransactionIsolation conn
                            (case (:isolation test)
                              :serializable     Connection/TRANSACTION_SERIALIZABLE
                              :repeatable-read  Connection/TRANSACTION_REPEATABLE_READ
                              :read-committed   Connection/TRANSACTION_READ_COMMITTED
                              :read-uncommitted Connection/TRANSACTION_READ_UNCOMMITTED))
  conn)

(defn leader
  "The node that leads, as this connection's node knows it."
  [conn test]
  (let [id (-> (j/execute-one! conn ["select @@quorate_leader_id as id"]) :id)]
    (if (and id (< 0 id (inc (count (:nodes test)))))
      (nth (:nodes test) (dec id))
      (throw (ex-info "no leader" {:type ::no-leader})))))

(defn create-database!
  "Makes the database, as soon as there is a leader."
  [test]
  (util/await-fn
    (fn []
      (with-open [own    (connect (first (:nodes test)) nil)
                  leader (connect (leader own test) nil)]
        (j/execute! leader [(str "create database if not exists " database)])))
    {:retry-interval 1000
     :log-interval   10000
     :log-message    "Waiting for a leader"
     :timeout        60000}))

(defrecord Connections [node own leader])

(defn connections
  "Those of a client of this node: none yet."
  [node]
  (Connections. node (atom nil) (atom nil)))

(defn close!
  "Closes what is open. What is needed again is opened anew."
  [connections]
  (doseq [place [(:own connections) (:leader connections)]]
    (when-let [conn @place]
      (reset! place nil)
      (try (.close ^Connection conn)
           (catch SQLException _)))))

(defn own!
  "The connection to the client's own node."
  [connections test]
  (let [place (:own connections)]
    (or @place
        (reset! place (prepare! (connect (:node connections)) test)))))

(defn leader!
  "The connection to the node that leads."
  [connections test]
  (let [place (:leader connections)]
    (or @place
        (let [node (leader (own! connections test) test)]
          (reset! place (prepare! (connect node) test))))))

(defn transact!
  "Runs (f conn) in a transaction. `asked`, an atom, becomes true when COMMIT is
  sent: what fails before it has surely not been done."
  [conn test asked f]
  (j/with-transaction [t conn {:isolation (:isolation test)}]
    (let [result (f t)]
      (reset! asked true)
      result)))

(defn read!
  "Runs (f conn), which only reads, in a transaction. It is READ ONLY, as a
  SERIALIZABLE one has to be where the node does not lead. JDBC's setReadOnly is
  a hint that the driver keeps to itself."
  [conn test f]
  (j/with-transaction [t conn {:isolation (:isolation test)}]
    (j/execute! t ["set transaction read only"])
    (f t)))

(defn cause
  "The exception that a transaction met, also where ROLLBACK failed after it."
  [e]
  (or (:handling (ex-data e)) e))

(defn duplicate?
  "Is the exception one of a key that is there already?"
  [e]
  (and (instance? SQLIntegrityConstraintViolationException e)
       (= 1062 (.getErrorCode ^SQLException e))))

(defn outcome
  "The operation as it ended with this exception. `asked?` says whether it may
  have been done at all. An exception that is not one of the database is thrown
  again."
  [op asked? e]
  (cond
    (= ::no-leader (:type (ex-data e)))
    (assoc op :type :fail, :error :no-leader)

    (instance? SQLException e)
    (let [code  (.getErrorCode ^SQLException e)
          state (or (.getSQLState ^SQLException e) "")
          ; When the connection breaks the driver gives no number, or one of its
          ; own with a state of class 08. 1053 has such a state too, but is an
          ; answer of the server.
          lost? (or (not (pos? code))
                    (and (.startsWith state "08") (not= lost-leadership code)))]
      (assoc op
             :type  (if (and asked? (or lost? (in-doubt code))) :info :fail)
             :error [code (.getMessage e)]))

    :else
    (throw e)))

(defn healthy?
  "Is the connection as good as before, after an operation ended with this?"
  [{:keys [type error]}]
  (or (= :ok type)
      (keyword? error)
      (not (or (contains? (conj in-doubt lost-leadership read-only-node) (first error))
               (not (pos? (first error)))))))

(defmacro attempt
  "Evaluates body, which ends an operation, with `asked` bound to an atom that it
  sets to true before the operation may be done. Turns exceptions of the
  database into :fail or :info, and lets connections go that are of no use any
  more."
  [op connections asked & body]
  `(let [~asked (atom false)
         op#    (try ~@body
                     (catch Exception e#
                       (outcome ~op (deref ~asked) (cause e#))))]
     (when-not (healthy? op#)
       (close! ~connections))
     op#))
