(ns jepsen.quorate.register
  "Linearizable registers with compare-and-set, one a row."
  (:require [jepsen [client :as client]
                    [independent :as independent]]
            [jepsen.quorate.client :as c]
            [jepsen.tests.linearizable-register :as register]
            [next.jdbc :as j]))

(defrecord Client [connections]
  client/Client
  (open! [this test node]
    (assoc this :connections (c/connections node)))

  (setup! [_ test]
    (j/execute! (c/leader! connections test)
                ["create table if not exists register (id int not null primary key, val int not null)"]))

  (invoke! [_ test {:keys [f value] :as op}]
    (let [[k v] value]
      (c/attempt op connections asked
        (case f
          :read
          (let [row (j/execute-one! (c/own! connections test)
                                    ["select val from register where id = ?" k])]
            (assoc op :type :ok, :value (independent/tuple k (:register/val row))))

          :write
          (let [conn (c/leader! connections test)]
            (reset! asked true)
            (j/execute! conn
                        ["insert into register (id, val) values (?, ?) on duplicate key update val = ?"
                         k v v])
            (assoc op :type :ok))

          :cas
          (let [[old new] v
                conn      (c/leader! connections test)]
            (reset! asked true)
            (if (-> (j/execute-one! conn
                                    ["update register set val = ? where id = ? and val = ?" new k old])
                    ::j/update-count
                    pos?)
              (assoc op :type :ok)
              (assoc op :type :fail, :error :precondition)))))))

  (teardown! [_ test])

  (close! [_ test]
    (c/close! connections)))

(defn workload
  "Reads, writes and compare-and-sets of single rows. Linearizable only where
  reads are strong."
  [opts]
  (when-not (= :strong (:consistency opts))
    (throw (IllegalArgumentException.
             "registers are linearizable with --consistency strong only")))
  (assoc (register/test {:nodes (:nodes opts), :per-key-limit 200, :process-limit 40})
         :client (Client. nil)))
