(ns jepsen.quorate.set
  "Adds numbers to a table and reads all of them: what was acknowledged is there
  for good."
  (:require [jepsen [checker :as checker]
                    [client :as client]
                    [generator :as gen]]
            [jepsen.quorate.client :as c]
            [next.jdbc :as j]))

(defrecord Client [connections]
  client/Client
  (open! [this test node]
    (assoc this :connections (c/connections node)))

  (setup! [_ test]
    (j/execute! (c/leader! connections test)
                ["create table if not exists elements (id int not null primary key)"]))

  (invoke! [_ test {:keys [f value] :as op}]
    (c/attempt op connections asked
      (case f
        :add
        (let [conn (c/leader! connections test)]
          (reset! asked true)
          (j/execute! conn ["insert into elements (id) values (?)" value])
          (assoc op :type :ok))

        :read
        (let [rows (j/execute! (c/own! connections test) ["select id from elements"])]
          (assoc op :type :ok, :value (mapv :elements/id rows))))))

  (teardown! [_ test])

  (close! [_ test]
    (c/close! connections)))

(def adds-per-read
  "Reads return all that there is, so they are few."
  20)

(defn ops
  "Additions of ever new numbers, and a read now and then."
  []
  (mapcat (fn [i]
            (cond-> [{:f :add, :value i}]
              (zero? (mod i adds-per-read)) (conj {:f :read})))
          (range)))

(defn workload
  "Additions and reads, and a read by every client at the end. With strong reads
  an element is in every read that begins after it was added."
  [opts]
  {:client          (Client. nil)
   :checker         (checker/set-full {:linearizable? (= :strong (:consistency opts))})
   :generator       (ops)
   :final-generator (gen/each-thread (gen/until-ok {:f :read}))})
