(ns jepsen.quorate.db
  "Puts the server's program and its configuration on the nodes, starts it, hurts
  it and takes it away again.

  The server has one account, root without a password, and so listens for
  clients on loopback alone. On every node socat passes on to it what comes in
  at the port for clients. It is no part of what is tested: it stays when the
  server is killed."
  (:require [clojure.string :as str]
            [jepsen [control :as c]
                    [core :as jepsen]
                    [db :as db]]
            [jepsen.control [net :as cn]
                            [util :as cu]]
            [jepsen.os.debian :as debian]
            [jepsen.quorate.client :as client]))

(def dir      "/opt/quorate")
(def binary   (str dir "/quorate"))
(def config   (str dir "/quorate.toml"))
(def data     (str dir "/data"))
(def log-file (str dir "/quorate.log"))
(def pid-file (str dir "/quorate.pid"))

(def relay-binary   "/usr/bin/socat")
(def relay-log-file (str dir "/relay.log"))
(def relay-pid-file (str dir "/relay.pid"))

(def peer-port 4101)

(defn node-id
  "Nodes are numbered from 1, in the order of the test."
  [test node]
  (inc (.indexOf (:nodes test) node)))

(defn sql-address
  "Where the server listens for clients on its own host. No two nodes may have the
  same address, not even on loopback."
  [test node]
  (str "127.0.0.1:" (+ 4000 (node-id test node))))

(defn toml
  "The configuration, the same for every node."
  [test]
  (str "cluster_name = \"jepsen\"\n"
       "data = \"" data "\"\n"
       (str/join
         (for [node (:nodes test)]
           (str "\n[[peers]]\n"
                "id = " (node-id test node) "\n"
                "peer_address = \"" (cn/ip node) ":" peer-port "\"\n"
                "sql_address = \"" (sql-address test node) "\"\n")))))

(defn install!
  "Copies the program and writes its configuration."
  [test]
  (debian/install [:socat])
  (c/su
    (c/exec :mkdir :-p dir)
    (c/upload (:binary test) binary)
    (c/exec :chmod "755" binary)
    (cu/write-file! (toml test) config)))

(defn start-relay!
  "Passes on what comes in from other hosts."
  [test node]
  (c/su
    (cu/start-daemon! {:logfile relay-log-file
                       :pidfile relay-pid-file
                       :chdir   dir}
                      relay-binary
                      (str "TCP-LISTEN:" client/port ",fork,reuseaddr,nodelay")
                      (str "TCP:" (sql-address test node) ",nodelay"))))

(def sql-seconds
  "How long a node has to answer. One that is paused never does."
  3)

(defn sql!
  "Runs a statement on the current node itself, whether it leads or not. Gives the
  text of its result."
  [test node statement]
  (c/su (c/exec :timeout sql-seconds
                binary :sql :--here :--nodes (sql-address test node) statement)))

(defn leads?
  "Does the current node say that it leads, and may serve?"
  [test node]
  (boolean (re-find #"\|\s*1\s*\|" (sql! test node "SELECT @@quorate_serving"))))

(defn transfer!
  "Hands the leadership over to a node, if the current node has it."
  [test node to]
  (when (leads? test node)
    (sql! test node (str "CALL dbms_consensus.change_leader(" (node-id test to) ")"))))

(defrecord DB []
  db/DB
  (setup! [this test node]
    (install! test)
    (start-relay! test node)
    (jepsen/synchronize test)
    (db/start! this test node)
    (jepsen/synchronize test)
    (when (= node (jepsen/primary test))
      (client/create-database! test))
    (jepsen/synchronize test))

  (teardown! [this test node]
    (db/kill! this test node)
    (c/su
      (cu/stop-daemon! relay-pid-file)
      (c/exec :rm :-rf data log-file relay-log-file)))

  db/Kill
  (start! [_ test node]
    (c/su
      (cu/start-daemon! {:logfile log-file
                         :pidfile pid-file
                         :chdir   dir}
                        binary
                        :start
                        :--config  config
                        :--node-id (node-id test node))))

  ; Not by control.util/grepkill!: in Jepsen 0.3.13 a bracket of it is out of place,
  ; and it kills nothing.
  (kill! [_ test node]
    (c/su
      (cu/kill-bin! binary)
      (c/exec :rm :-f pid-file)))

  db/Pause
  (pause!  [_ test node] (c/su (cu/kill-bin! :STOP false binary)))
  (resume! [_ test node] (c/su (cu/kill-bin! :CONT false binary)))

  db/Primary
  (setup-primary! [_ test node])
  (primaries [_ test]
    (->> (c/on-nodes test (fn [test node]
                            (try (leads? test node)
                                 (catch Exception _ false))))
         (filter val)
         (map key)))

  db/LogFiles
  (log-files [_ test node]
    {log-file       "quorate.log"
     relay-log-file "relay.log"
     config         "quorate.toml"}))

(defn db
  "A Quorate cluster, one voter on each node."
  []
  (DB.))
