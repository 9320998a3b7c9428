(ns jepsen.quorate.bank
  "Transfers between accounts: nothing is lost or made on the way, no account is
  overdrawn, and no read sees half of a transfer."
  (:require [jepsen.client :as client]
            [jepsen.quorate.client :as c]
            [jepsen.tests.bank :as bank]
            [next.jdbc :as j]))

(defn move!
  "Takes from one account and gives to another. Was there enough?"
  [conn {:keys [from to amount]}]
  (let [taken (-> (j/execute-one! conn
                                  ["update accounts set balance = balance - ? where id = ? and balance >= ?"
                                   amount from amount])
                  ::j/update-count)]
    (when (pos? taken)
      (j/execute! conn ["update accounts set balance = balance + ? where id = ?" amount to])
      true)))

(defrecord Client [connections]
  client/Client
  (open! [this test node]
    (assoc this :connections (c/connections node)))

  (setup! [_ test]
    (let [conn   (c/leader! connections test)
          ids    (:accounts test)
          first? (atom true)]
      (j/execute! conn ["create table if not exists accounts (id int not null primary key, balance int not null)"])
      ; The first account has it all. Every client does this; what is there stays.
      (doseq [id ids]
        (j/execute! conn ["insert ignore into accounts (id, balance) values (?, ?)"
                          id (if (compare-and-set! first? true false) (:total-amount test) 0)]))))

  (invoke! [_ test {:keys [f value] :as op}]
    (c/attempt op connections asked
      (case f
        :read
        (let [rows (j/execute! (c/own! connections test) ["select id, balance from accounts"])]
          (assoc op
                 :type  :ok
                 :value (into {} (map (juxt :accounts/id :accounts/balance)) rows)))

        :transfer
        (if (c/transact! (c/leader! connections test) test asked (fn [t] (move! t value)))
          (assoc op :type :ok)
          (assoc op :type :fail, :error :insufficient)))))

  (teardown! [_ test])

  (close! [_ test]
    (c/close! connections)))

(defn workload
  "Transfers and reads of all balances."
  [opts]
  (assoc (bank/test {:negative-balances? false})
         :client (Client. nil)))
